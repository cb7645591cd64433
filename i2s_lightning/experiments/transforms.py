"""What is done to pictures before they are embedded."""

import numpy as np
from jaxtyping import Bool
from PIL import Image

from i2s_lightning.drawing.sheet import Pixels

Mask = Bool[np.ndarray, "H W"]

BLANK = 0
"""What stands where a picture does not reach: black."""


def shifted(pixels: Pixels, right: int) -> Pixels:
    """Move a picture by pixels; what leaves it is lost.

    Example:
        >>> shifted(np.full((2, 3, 1), 9, np.uint8), 1)[0, :, 0].tolist()
        [0, 9, 9]
    """
    moved = np.full_like(pixels, BLANK)
    width = pixels.shape[1]
    moved[:, max(right, 0) : width + min(right, 0)] = pixels[:, max(-right, 0) : width - max(right, 0)]
    return moved


def zoomed(pixels: Pixels, factor: float) -> Pixels:
    """Enlarge (more than 1) or reduce a picture about its middle."""
    height, width, channels = pixels.shape
    size = round(width * factor), round(height * factor)
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    large = np.asarray(image.resize(size, Image.Resampling.LANCZOS)).reshape(size[1], size[0], channels)
    if factor >= 1:
        top, left = (size[1] - height) // 2, (size[0] - width) // 2
        return large[top : top + height, left : left + width].copy()
    canvas = np.full_like(pixels, BLANK)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = large
    return canvas


def turned(pixels: Pixels, quarters: int) -> Pixels:
    """Rotate a square picture by quarter turns, counter-clockwise."""
    return np.rot90(pixels, quarters).copy()


def covered(pixels: Pixels, hole: Mask) -> Pixels:
    """Make a hole in a picture.

    Args:
        pixels: The picture.
        hole: True where it goes blank.
    """
    return np.where(hole[..., None], np.uint8(BLANK), pixels)


def psnr_where(a: Pixels, b: Pixels, where: Mask) -> float:
    """Compute the peak signal-to-noise ratio in dB over some positions.

    Example:
        >>> a, b = np.zeros((2, 2, 1), np.uint8), np.full((2, 2, 1), 255, np.uint8)
        >>> b[0] = 51
        >>> round(psnr_where(a, b, np.array([[True, True], [False, False]])), 6)
        13.9794
    """
    difference = a[where].astype(np.float64) - b[where].astype(np.float64)
    return float(10 * np.log10(255**2 / max(np.square(difference).mean(), 1e-10)))
