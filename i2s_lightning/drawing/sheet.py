"""Labelled grids of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

Pixels = UInt8[np.ndarray, "H W C"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

GAP = 8
PAPER, INK, FAINT = (250, 250, 248), (24, 24, 24), (112, 112, 108)


@dataclass(frozen=True)
class Cell:
    """One entry of a sheet: pictures side by side with lines of text under them.

    Attributes:
        pictures: All of one size, ``(H, W, C)`` with 1 or 3 channels.
        lines: The first is set darker than the others.
    """

    pictures: Sequence[Pixels]
    lines: Sequence[str] = ()


def difference(a: Pixels, b: Pixels, gain: float = 4.0) -> Pixels:
    """Show where two pictures differ: absolute difference times ``gain``, clipped; equal pixels are black."""
    amount = np.abs(a.astype(np.float32) - b.astype(np.float32)) * gain
    return amount.clip(0, 255).round().astype(np.uint8)


def sheet(cells: Sequence[Cell], *, columns: int, scale: int = 1, title: str = "") -> Image.Image:
    """Draw cells in rows.

    Args:
        cells: At least one, all with the same picture size and number of lines.
        columns: Cells a row.
        scale: Pictures are enlarged by this whole number, pixel by pixel.
        title: A line above everything.

    Returns:
        An RGB picture.
    """
    font = ImageFont.load_default(size=13)
    line_height = 17
    height, width = (side * scale for side in cells[0].pictures[0].shape[:2])
    cell_width = len(cells[0].pictures) * (width + 2) - 2
    cell_height = height + line_height * len(cells[0].lines) + 4
    rows = -(-len(cells) // columns)
    top = line_height + GAP if title else 0
    used = min(columns, len(cells))
    page = Image.new("RGB", (used * (cell_width + 2 * GAP) + GAP, top + rows * (cell_height + 2 * GAP) + GAP), PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((GAP, GAP // 2), title, fill=INK, font=font)
    for i, cell in enumerate(cells):
        x = GAP + (i % columns) * (cell_width + 2 * GAP)
        y = top + GAP + (i // columns) * (cell_height + 2 * GAP)
        for picture in cell.pictures:
            page.paste(as_rgb(picture).resize((width, height), Image.Resampling.NEAREST), (x, y))
            x += width + 2
        x -= cell_width + 2
        for k, line in enumerate(cell.lines):
            text = fitting(line, font, cell_width)
            pen.text((x, y + height + 4 + k * line_height), text, fill=INK if k == 0 else FAINT, font=font)
    return page


def as_rgb(pixels: Pixels) -> Image.Image:
    """Turn grey or RGB pixels into an RGB picture."""
    grey = pixels.shape[2] == 1
    return Image.fromarray(pixels[..., 0] if grey else pixels).convert("RGB")


def fitting(text: str, font: Font, width: int) -> str:
    """Cut text that would run into the next cell, in the middle: both ends of a path tell something."""
    while font.getlength(text) > width and len(text) > 4:
        half = (len(text) - 2) // 2
        text = text[:half] + "…" + text[-half:] if half > 1 else text[:3]
    return text
