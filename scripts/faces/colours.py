"""Palettes of the portraits, in linear light."""

import colorsys

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _linear(*colours: tuple[int, int, int]) -> Array:
    return np.asarray((np.array(colours) / 255) ** 2.2)


SKIN = _linear(
    (242, 205, 184), (235, 192, 166), (224, 174, 142), (204, 147, 110), (168, 110, 76), (124, 78, 52), (84, 52, 37)
)
HAIR = _linear(
    (24, 20, 19),
    (52, 35, 26),
    (92, 60, 38),
    (128, 62, 34),
    (176, 92, 44),
    (196, 152, 92),
    (226, 204, 160),
    (150, 148, 146),
    (222, 220, 216),
)
IRIS = _linear((62, 36, 20), (104, 64, 32), (126, 104, 54), (86, 118, 74), (74, 118, 156), (118, 136, 148))
LIPS = _linear((176, 60, 66), (150, 40, 60), (200, 90, 96), (140, 60, 50))


def along(palette: Array, place: float) -> Array:
    """Interpolate a palette; ``place`` 0 is its first colour, 1 its last.

    Example:
        >>> along(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]), 0.25)
        array([0.25, 0.25, 0.25])
    """
    position = min(max(place, 0.0), 0.9999) * (len(palette) - 1)
    low = int(position)
    mixed: Array = palette[low] + (palette[low + 1] - palette[low]) * (position - low)
    return mixed


def from_hsv(hue: float, saturation: float, value: float) -> Array:
    """Convert to linear light (exponent 1.8: a little brighter than 2.2)."""
    return np.asarray(np.array(colorsys.hsv_to_rgb(hue, saturation, value)) ** 1.8)
