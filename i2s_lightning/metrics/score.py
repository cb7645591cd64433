"""All measures at once."""

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.features.vgg import MIN_SIDE as VGG_SIDE
from i2s_lightning.metrics.fidelity import MS_SSIM_SIDE, SSIM_SIDE, ms_ssim, psnr, ssim
from i2s_lightning.metrics.perceptual import PerceptualDistance
from i2s_lightning.ops.distances import mean_square_difference


@torch.no_grad()
def score(
    image: Float[Tensor, "B C H W"], target: Float[Tensor, "B C H W"], perceptual: PerceptualDistance
) -> dict[str, Float[Tensor, " B"]]:
    """Score images against their targets.

    Args:
        image: In [-1, 1]; round to uint8 steps first to score a picture as it is saved.
        target: In [-1, 1].
        perceptual: Supplies ``perceptual``.

    Returns:
        ``mse`` (on [-1, 1]), ``psnr`` in dB, ``ssim``, ``ms_ssim`` and ``perceptual``, each ``(B,)``. A measure that is
        not defined at this size is absent: ``ssim`` below 11 pixels a side, ``ms_ssim`` below 176, ``perceptual``
        below 8.
    """
    side = min(image.shape[2:])
    values = {"mse": mean_square_difference(image, target), "psnr": psnr(image, target)}
    if side >= SSIM_SIDE:
        values["ssim"] = ssim(image, target)
    if side >= MS_SSIM_SIDE:
        values["ms_ssim"] = ms_ssim(image, target)
    if side >= VGG_SIDE:
        values["perceptual"] = perceptual(image, target)
    return values
