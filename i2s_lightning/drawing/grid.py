"""Tables of pictures: named rows and columns, as the figures of papers have them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from i2s_lightning.drawing.sheet import FAINT, INK, PAPER, Pixels, as_rgb, fitting

GAP, MARGIN, LINE = 4, 10, 17
WIDEST_LABEL = 150


@dataclass(frozen=True)
class Tile:
    """One picture of a table.

    Attributes:
        pixels: All of one size, ``(H, W, C)`` with 1 or 3 channels.
        caption: A line under it.
    """

    pixels: Pixels
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table; None leaves a place empty."""

    label: str
    tiles: Sequence[Tile | None]


def grid(rows: Sequence[Row], *, columns: Sequence[str] = (), scale: int = 1) -> Image.Image:
    """Draw a table of pictures.

    Args:
        rows: At least one, with at least one picture in all.
        columns: What stands above the columns; may be fewer than there are, or none.
        scale: Pictures are enlarged by this whole number, pixel by pixel.

    Returns:
        An RGB picture. Rows without captions stand close to the next one.

    Example:
        >>> import numpy as np
        >>> grid([Row("one", [Tile(np.zeros((8, 8, 3), np.uint8)), None])]).mode
        'RGB'
    """
    font = ImageFont.load_default(size=13)
    height, width = (s * scale for s in next(t for row in rows for t in row.tiles if t).pixels.shape[:2])
    lengths = [font.getlength(row.label) for row in rows]
    left = MARGIN + (min(WIDEST_LABEL, round(max(lengths))) + 10 if any(lengths) else 0)
    top = MARGIN + (LINE + GAP if columns else 0)
    heights = [height + GAP + (LINE if any(t and t.caption for t in row.tiles) else 0) for row in rows]
    count = max(len(row.tiles) for row in rows)
    page = Image.new("RGB", (left + count * (width + GAP) - GAP + MARGIN, top + sum(heights) + MARGIN), PAPER)
    pen = ImageDraw.Draw(page)
    for i, name in enumerate(columns):
        pen.text((left + i * (width + GAP), MARGIN), fitting(name, font, width), fill=INK, font=font)
    y = top
    for row, taken in zip(rows, heights, strict=True):
        label = fitting(row.label, font, WIDEST_LABEL)
        pen.text((MARGIN, y + height // 2 - LINE // 2), label, fill=INK, font=font)
        for i, tile in enumerate(row.tiles):
            if tile is None:
                continue
            x = left + i * (width + GAP)
            page.paste(as_rgb(tile.pixels).resize((width, height), Image.Resampling.NEAREST), (x, y))
            pen.text((x, y + height + 1), fitting(tile.caption, font, width), fill=FAINT, font=font)
        y += taken
    return page
