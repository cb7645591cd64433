"""Colours as files describe them, brought to sRGB."""

import functools
import io
import logging

import numpy as np
from PIL import Image, ImageCms

logger = logging.getLogger(__name__)


def to_srgb(image: Image.Image, profile: bytes | None, name: str) -> Image.Image:
    """Convert an opaque 8-bit picture to sRGB.

    Args:
        image: Any mode with 8 bits or fewer and without opacity.
        profile: The ICC profile found in the file. One that changes no colour by more than 2 levels is sRGB itself
            (profiles of it differ in rounding), and is not applied; one that can't be used is ignored, with a warning.
        name: What the warning calls the picture.

    Returns:
        Mode RGB, or L where grey needs no conversion.
    """
    if image.mode in ("1", "P"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    if profile:
        try:
            return _apply_profile(image, profile)
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            logger.warning("%s: its colour profile can't be used (%s); taken as sRGB", name, error)
    return image if image.mode == "L" else image.convert("RGB")


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(source, srgb, image.mode, "RGB")
    if image.mode in ("L", "RGB"):
        probe = _probe(image.mode)
        before, after = (
            np.asarray(p, np.int16) for p in (probe.convert("RGB"), ImageCms.applyTransform(probe, transform))
        )
        if np.abs(after - before).max() <= 2:
            return image
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # None is for inPlace=True
    return converted


@functools.cache
def _probe(mode: str) -> Image.Image:
    """All greys, or a 9 x 9 x 9 lattice of colours."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Image.fromarray(lattice.reshape(27, 27, 3))
