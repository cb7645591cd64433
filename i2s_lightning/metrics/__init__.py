"""Measures of fidelity, one value per image."""

from i2s_lightning.metrics.fidelity import ms_ssim, psnr, ssim
from i2s_lightning.metrics.perceptual import PerceptualDistance
from i2s_lightning.metrics.score import score

__all__ = ["PerceptualDistance", "ms_ssim", "psnr", "score", "ssim"]
