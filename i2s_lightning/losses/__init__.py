"""Losses: what compares an image with its target, and what judges its styles; one value per image."""

from i2s_lightning.losses.base import ImageLoss, LatentLoss, Loss
from i2s_lightning.losses.perceptual import PerceptualLoss
from i2s_lightning.losses.pixel import PixelLoss
from i2s_lightning.losses.style import StyleLoss
from i2s_lightning.losses.typicality import TypicalityLoss

__all__ = ["ImageLoss", "LatentLoss", "Loss", "PerceptualLoss", "PixelLoss", "StyleLoss", "TypicalityLoss"]
