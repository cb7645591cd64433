"""A picture as people compare it: target, embedding, and where they differ."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.sheet import Cell, Pixels, difference, sheet
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.tasks.embed import Embed

TITLE = "target | embedding | 4x difference"
SMALLEST = 160
"""Pictures are enlarged to about so many pixels, to be looked at."""


def strip(target: Tensor, seen: Tensor, most: int | None = None) -> list[Pixels]:
    """Give target, embedding and difference of one picture.

    Args:
        target: ``(H, W, C)`` uint8.
        seen: Likewise.
        most: The longer side at most, in pixels; larger ones are made smaller. None: as they are.

    Returns:
        Three pictures, ``(H, W, C)`` uint8.
    """
    left, right = (smaller(pixels.cpu().numpy(), most) for pixels in (target, seen))
    return [left, right, difference(left, right)]


class Strips:
    """Target, embedding and difference of stored pictures, by name.

    Args:
        task: Knows the targets.
        embedding: What is stored.
        side: The longer side of each picture in pixels, at most; None: as it is.
    """

    def __init__(self, task: Embed, embedding: Embedding, side: int | None = None) -> None:
        self.task, self.embedding, self.side = task, embedding, side
        self._indices = {picture.name: i for i, picture in enumerate(task.data.pictures)}

    def names(self) -> list[str]:
        """List the stored pictures whose target is at hand."""
        return [name for name in self.embedding.names if name in self._indices]

    def __call__(self, name: str) -> list[Pixels]:
        """Give one picture's."""
        seen = to_uint8(self.embedding.render_one(name).unsqueeze(0))[0]
        return strip(self.task.data.read(self._indices[name]), seen, self.side)


def page(
    strips: Sequence[Sequence[Pixels]], lines: Sequence[Sequence[str]], *, columns: int = 1, title: str = TITLE
) -> Image.Image:
    """Put strips on one page, small pictures enlarged by a whole number."""
    scale = max(1, round(SMALLEST / max(strips[0][0].shape[:2])))
    cells = [Cell(pictures, texts) for pictures, texts in zip(strips, lines, strict=True)]
    return sheet(cells, columns=columns, scale=scale, title=title)


def scores(record: dict[str, object]) -> str:
    """Say how close a stored picture came, as far as its record tells."""
    shown = (("PSNR", "psnr", ".2f", " dB"), ("SSIM", "ssim", ".3f", ""), ("perceptual", "perceptual", ".3f", ""))
    return "   ".join(f"{title} {record[key]:{form}}{unit}" for title, key, form, unit in shown if key in record)


def smaller(pixels: Pixels, most: int | None) -> UInt8[np.ndarray, "h w C"]:
    """Bring a picture to ``most`` pixels on its longer side, unless it is smaller anyway."""
    height, width = pixels.shape[:2]
    if most is None or max(height, width) <= most:
        return pixels
    factor = most / max(height, width)
    grey = pixels.shape[2] == 1
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(Image.fromarray(pixels[..., 0] if grey else pixels).resize(size, Image.Resampling.LANCZOS))
    return small[..., None] if grey else small
