"""StyleGAN1's building blocks: smooth upsampling convolution and adaptive instance normalisation."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.ops.resample import fir


def nearest_up_convolution(
    x: Float[Tensor, "B I H W"], weight: Float[Tensor, "O I 3 3"], gain: float
) -> Float[Tensor, "B O 2*H 2*W"]:
    """Double the resolution by repeating pixels, then apply a 3x3 convolution with zero padding.

    Computed at the low resolution, with a quarter of the products: repeating pixels is a 2x2 box filter of the
    zero-inserted maps, so a stride-2 transposed convolution and a box filter give the same.

    Args:
        x: Feature maps.
        weight: 3x3 weights, correlated with the enlarged maps.
        gain: Factor on the weights.

    Returns:
        Feature maps of twice the size.

    Example:
        >>> nearest_up_convolution(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3), 1.0)[0, 0, 1]
        tensor([6., 9., 9., 6.])
    """
    enlarged = F.conv_transpose2d(x, weight.transpose(0, 1).flip(2, 3), stride=2)
    return fir(enlarged, x.new_ones(2, 2), gain=gain)


def smooth(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
    """Blur with the 3x3 binomial filter; the border is zero.

    Example:
        >>> smooth(torch.ones(1, 1, 3, 3))[0, 0, 1]
        tensor([0.7500, 1.0000, 0.7500])
    """
    taps = torch.tensor([0.25, 0.5, 0.25], dtype=x.dtype, device=x.device)
    return fir(x, torch.outer(taps, taps), padding=(1, 1, 1, 1))


def adaptive_instance_norm(
    x: Float[Tensor, "B C H W"], scale: Float[Tensor, "B C"], shift: Float[Tensor, "B C"], eps: float
) -> Float[Tensor, "B C H W"]:
    """Normalise each map of each image, then scale and shift it (AdaIN, Karras et al. 2019, equation 1).

    The variance is that of centred values: the difference of moments is not accurate enough in float32.

    Args:
        x: Feature maps.
        scale: Standard deviation that each map gets.
        shift: Mean that each map gets.
        eps: Added to the variance.

    Returns:
        Feature maps.

    Example:
        >>> x = torch.tensor([[[[1.0, 3.0]]]])
        >>> adaptive_instance_norm(x, torch.full((1, 1), 2.0), torch.ones(1, 1), eps=1e-8)
        tensor([[[[-1.,  3.]]]])
    """
    variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
    return torch.addcmul(shift[:, :, None, None], x - mean, scale[:, :, None, None] * (variance + eps).rsqrt())
