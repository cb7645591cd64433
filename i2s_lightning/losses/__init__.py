"""Losses that compare an image with its target, one value per image."""

from i2s_lightning.losses.base import ImageLoss
from i2s_lightning.losses.perceptual import PerceptualLoss
from i2s_lightning.losses.pixel import PixelLoss
from i2s_lightning.losses.style import StyleLoss

__all__ = ["ImageLoss", "PerceptualLoss", "PixelLoss", "StyleLoss"]
