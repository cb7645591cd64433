"""Fit pictures to the size that a generator draws."""

import dataclasses
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from i2s_lightning.data.decode import WHITE, Color

Fit = Literal["crop", "stretch", "pad"]
Resample = Literal["lanczos", "bicubic", "bilinear", "area", "nearest"]

_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
}


@dataclasses.dataclass(frozen=True)
class Preprocess:
    """How a picture is brought to the generator's size; part of every result's record.

    Reducing is antialiased: the filter's support grows with the factor (``nearest`` excepted, which takes single
    pixels). Values are mixed as stored, in sRGB, as in the training sets of the published generators. A picture that
    has the size already stays exactly as it is.

    Args:
        fit: ``crop`` cuts the largest centred part of the right shape; ``stretch`` ignores the shape; ``pad`` shows
            all of the picture, centred, with ``background`` beside it.
        resample: The filter; ``area`` averages the covered pixels.
        background: RGB, 0..255: beside a padded picture, and behind a transparent one when it is read
            (:func:`~i2s_lightning.data.read_picture`).

    Raises:
        ValueError: An option that does not exist, or a colour outside 0..255.
    """

    fit: Fit = "crop"
    resample: Resample = "lanczos"
    background: Color = WHITE

    def __post_init__(self) -> None:
        for name, value, known in (("fit", self.fit, get_args(Fit)), ("resample", self.resample, get_args(Resample))):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}")
        if len(self.background) != 3 or not all(0 <= value <= 255 for value in self.background):
            raise ValueError(f"background must be three values in 0..255 (red, green, blue); got {self.background!r}")

    def __call__(self, pixels: UInt8[np.ndarray, "H W C"], size: tuple[int, int]) -> UInt8[np.ndarray, "h w C"]:
        """Return ``pixels`` at ``size``.

        Args:
            pixels: RGB or grey, 0..255.
            size: (height, width) wanted.

        Returns:
            Pixels of exactly that size; ``pixels`` itself if it has it.
        """
        if pixels.shape[:2] == size:
            return pixels
        if self.fit == "pad":
            return self._pad(pixels, size)
        box = _centred_box(pixels.shape[:2], size) if self.fit == "crop" else None
        return self._resize(pixels, size, box)

    def describe(self) -> dict[str, Any]:
        """Return the options, ready for JSON.

        Example:
            >>> Preprocess(fit="pad").describe()
            {'fit': 'pad', 'resample': 'lanczos', 'background': [255, 255, 255]}
        """
        return {**dataclasses.asdict(self), "background": list(self.background)}

    def _resize(
        self, pixels: np.ndarray, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
    ) -> np.ndarray:
        height, width = size
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        resized = np.array(image.resize((width, height), _FILTERS[self.resample], box))
        return resized.reshape(height, width, pixels.shape[2])

    def _pad(self, pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        source_height, source_width, channels = pixels.shape
        factor = min(size[0] / source_height, size[1] / source_width)
        height, width = max(1, round(source_height * factor)), max(1, round(source_width * factor))
        colour = Image.new("RGB", (1, 1), self.background).convert("L" if channels == 1 else "RGB")
        canvas = np.empty((*size, channels), np.uint8)
        canvas[:] = np.asarray(colour).reshape(channels)
        top, left = (size[0] - height) // 2, (size[1] - width) // 2
        inner = pixels if pixels.shape[:2] == (height, width) else self._resize(pixels, (height, width))
        canvas[top : top + height, left : left + width] = inner
        return canvas


def _centred_box(source: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The largest centred part of ``source`` with the shape of ``size``, as (left, top, right, bottom).

    It begins on a whole pixel, up to half a pixel off the centre: else a crop without any scaling would blur.
    """
    factor = min(source[0] / size[0], source[1] / size[1])
    height, width = min(size[0] * factor, float(source[0])), min(size[1] * factor, float(source[1]))
    top, left = (source[0] - height) // 2, (source[1] - width) // 2
    return left, top, left + width, top + height
