"""StyleGAN1's building blocks: smooth upsampling convolution and adaptive instance normalisation."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from i2s_lightning.ops.frozen_conv import Filter, FrozenMap, FrozenUpConv
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
    result: Tensor = _AdaptiveInstanceNorm.apply(x, scale, shift, eps)  # type: ignore[no-untyped-call]
    return result


class _AdaptiveInstanceNorm(torch.autograd.Function):
    """Keeps its input and a few numbers a map; computes in float32 at least."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> Tensor:
        full = x.to(torch.promote_types(x.dtype, torch.float32))
        variance, mean = torch.var_mean(full, dim=(2, 3), correction=0, keepdim=True)
        rate = (variance + eps).rsqrt()
        ctx.save_for_backward(x, scale, mean, rate)
        y = full - mean
        return torch.addcmul(shift[:, :, None, None], y, scale[:, :, None, None] * rate, out=y).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, scale, mean, rate = ctx.saved_tensors
        g = gradients[0].to(mean.dtype)
        normal = (x - mean).mul_(rate)
        g_shift, g_scale = g.sum(dim=(2, 3), keepdim=True), (g * normal).sum(dim=(2, 3), keepdim=True)
        pixels = x.shape[2] * x.shape[3]
        g_x = (g - g_shift / pixels).addcmul_(normal, g_scale, value=-1 / pixels).mul_(scale[:, :, None, None] * rate)
        return g_x.to(x.dtype), g_scale.flatten(1).to(scale.dtype), g_shift.flatten(1).to(scale.dtype), None


def activated_layer(
    x: Float[Tensor, "B I H W"],
    convolution: FrozenMap,
    bias: Float[Tensor, "#B O #H2 #W2"],
    noise: Float[Tensor, "#B 1 #H2 #W2"] | None,
    strength: Float[Tensor, " O"],
) -> Float[Tensor, "B O H2 W2"]:
    """Compute ``leaky_relu(convolution(x) + bias + noise * strength)``, keeping nothing but the result.

    Args:
        x: Feature maps; gradients reach them alone, and there are no second derivatives.
        convolution: Prepared weights, in the precision of ``x``.
        bias: Offsets.
        noise: Maps, or None.
        strength: Factor on the noise of each channel.

    Returns:
        Feature maps.
    """
    noise = None if noise is None else noise.to(x.dtype)
    result: Tensor = _Activated.apply(x, convolution, bias.to(x.dtype), noise, strength.to(x.dtype)[:, None, None])  # type: ignore[no-untyped-call]
    return result


class _Activated(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, convolution: FrozenMap, bias: Tensor, noise: Tensor | None, strength: Tensor
    ) -> Tensor:
        ctx.convolution = convolution
        y = convolution(x).add_(bias)
        if noise is not None:
            y.addcmul_(noise, strength)
        F.leaky_relu_(y, 0.2)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (y,) = ctx.saved_tensors
        g = torch.ops.aten.leaky_relu_backward(gradients[0], y, 0.2, True)
        return ctx.convolution.adjoint(g), None, None, None, None


def smooth_up_convolution(weight: Float[Tensor, "O I 3 3"]) -> FrozenUpConv:
    """Prepare :func:`smooth` of :func:`nearest_up_convolution`, the gain within the weights."""
    taps = torch.tensor([0.25, 0.5, 0.25], dtype=weight.dtype, device=weight.device)
    box, blur = weight.new_ones(2, 2), torch.outer(taps, taps)
    return FrozenUpConv(weight.flip(2, 3), Filter(box, (0, 0, 0, 0)), Filter(blur, (1, 1, 1, 1)))
