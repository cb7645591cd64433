"""How close an image is to its target, by established measures; one value per image."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

SSIM_SIDE = 11
"""The shorter side that SSIM needs, in pixels: its Gaussian window must fit."""
MS_SSIM_SIDE = 176
"""The shorter side that MS-SSIM needs: the window must fit after halving four times, and 175 // 16 is only 10."""

_RANGE = 2.0  # images lie in [-1, 1]
_MARGIN = SSIM_SIDE // 2
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # finest first; Wang et al. 2003, section 3.2


def psnr(image: Float[Tensor, "B C H W"], target: Float[Tensor, "B C H W"]) -> Float[Tensor, " B"]:
    """Compute the peak signal-to-noise ratio in dB, ``10 log10(4 / mse)``.

    Args:
        image: In [-1, 1]; round to uint8 steps first to score a picture as it is saved.
        target: In [-1, 1].

    Returns:
        ``(B,)``; infinite where both are equal.

    Example:
        >>> import torch
        >>> psnr(torch.zeros(1, 3, 8, 8), torch.full((1, 3, 8, 8), 0.2))
        tensor([20.])
    """
    return peak_signal_noise_ratio(image, target, data_range=_RANGE, reduction="none", dim=(1, 2, 3))


def ssim(image: Float[Tensor, "B C H W"], target: Float[Tensor, "B C H W"]) -> Float[Tensor, " B"]:
    """Compute the structural similarity (Wang et al. 2004): Gaussian window of deviation 1.5, mean over channels.

    The mean is over positions where the window fits, as in the paper and in scikit-image. torchmetrics' own mean takes
    in a mirrored border too; at 16 pixels a side the two can differ by 0.16.

    Args:
        image: In [-1, 1].
        target: In [-1, 1].

    Returns:
        ``(B,)`` in [-1, 1]; 1 where both are equal.

    Raises:
        ValueError: A side is shorter than 11 pixels, where the window does not fit.
    """
    _check_side(image, SSIM_SIDE, "SSIM")
    _, similarity = structural_similarity_index_measure(
        image, target, data_range=_RANGE, reduction="none", return_full_image=True
    )
    inner: Tensor = similarity[..., _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return inner.mean(dim=(1, 2, 3))


def ms_ssim(image: Float[Tensor, "B C H W"], target: Float[Tensor, "B C H W"]) -> Float[Tensor, " B"]:
    """Compute the structural similarity over five scales (Wang et al. 2003).

    Means are over positions where the window fits, at each scale; torchmetrics' own takes in a mirrored border at the
    coarsest. Negative terms count as 0: the weights are fractional powers.

    Args:
        image: In [-1, 1].
        target: In [-1, 1].

    Returns:
        ``(B,)`` in [0, 1]; 1 where both are equal.

    Raises:
        ValueError: A side is shorter than 176 pixels, where the window does not fit into the coarsest scale.
    """
    _check_side(image, MS_SSIM_SIDE, "MS-SSIM")
    terms = []
    for _ in _SCALE_WEIGHTS[1:]:
        _, contrast = structural_similarity_index_measure(
            image, target, data_range=_RANGE, reduction="none", return_contrast_sensitivity=True
        )
        terms.append(contrast)
        image, target = F.avg_pool2d(image, 2), F.avg_pool2d(target, 2)
    terms.append(ssim(image, target))
    product = torch.ones_like(terms[0])
    for term, weight in zip(terms, _SCALE_WEIGHTS, strict=True):
        product = product * term.clamp(min=0) ** weight
    return product


def _check_side(image: Tensor, side: int, name: str) -> None:
    if min(image.shape[2:]) < side:
        raise ValueError(f"{name} needs at least {side} pixels a side; got {image.shape[2]} x {image.shape[3]}.")
