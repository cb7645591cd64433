"""A style-modulated layer with frozen weights, as one step of autograd that keeps nothing but the layer's result.

``modulated.noisy_activation(conv(x * style), scale, bias, noise)`` written with plain operations keeps six tensors of
the size of the layer's maps; here it keeps one, which the next layer's input is anyway. The gradient of ``scale`` needs
the maps before the activation, but only in a sum over pixels: for an activation with f(a x) = a f(x), its product with
the gradient that reached them equals the product of the layer's result with the gradient that came in.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from i2s_lightning.ops.activations import ACTIVATIONS
from i2s_lightning.ops.frozen_conv import FrozenMap

SLOPES = {"linear": 1.0, "relu": 0.0, "lrelu": 0.2}
"""Activations that this is right for, by their slope on the negative side."""


def styled_layer(
    x: Float[Tensor, "B I H W"],
    style: Float[Tensor, "B I"],
    scale: Float[Tensor, "B O"],
    bias: Float[Tensor, " O"],
    noise: Float[Tensor, "#B 1 #H2 #W2"] | None,
    convolution: FrozenMap,
    *,
    activation: str = "lrelu",
    gain: float = 1.0,
    clamp: float | None = None,
) -> Float[Tensor, "B O H2 W2"]:
    """Compute ``activate(convolution(x * style) * scale + noise + bias)``.

    Gradients reach ``x``, ``style`` and ``scale``; there are no second derivatives.

    Args:
        x: Feature maps; their precision is the layer's.
        style: Scale of each input channel.
        scale: Positive factor of each output channel.
        bias: Offset of each channel; constant.
        noise: Offset of each pixel, or None; constant.
        convolution: Prepared weights, in the precision of ``x``.
        activation: A key of :data:`SLOPES`.
        gain: Factor on top of the activation's own.
        clamp: Limit before ``gain``, or None.

    Returns:
        Feature maps.
    """
    fold = gain * ACTIVATIONS[activation][1]
    limit = None if clamp is None else clamp * gain
    noise = None if noise is None else (noise * fold).to(x.dtype)
    bias = (bias * fold).to(x.dtype)[:, None, None]
    result: Tensor = _Styled.apply(x, style, scale * fold, bias, noise, convolution, SLOPES[activation], limit)  # type: ignore[no-untyped-call]
    return result


class _Styled(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        style: Tensor,
        scale: Tensor,
        bias: Tensor,
        noise: Tensor | None,
        convolution: FrozenMap,
        slope: float,
        limit: float | None,
    ) -> Tensor:
        ctx.convolution, ctx.slope, ctx.limit = convolution, slope, limit
        y = convolution(x * _per_map(style, x))
        y = y.mul_(_per_map(scale, x)) if noise is None else torch.addcmul(noise, y, _per_map(scale, x), out=y)
        y.add_(bias)
        if slope != 1.0:
            F.leaky_relu_(y, slope)
        if limit is not None:
            y.clamp_(-limit, limit)
        ctx.save_for_backward(x, style, scale, bias, noise, y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, style, scale, bias, noise, y = ctx.saved_tensors
        (g,) = gradients
        if ctx.limit is not None:
            g = g.masked_fill(y.abs() >= ctx.limit, 0.0)
        product = g * y  # sums to what the maps before the activation and their gradient would
        g = torch.ops.aten.leaky_relu_backward(g, y, ctx.slope, True)
        if noise is not None:
            product.addcmul_(g, noise, value=-1)
        g_scale = (_over_pixels(product) - _over_pixels(g) * bias.flatten()) / scale
        del product
        g = ctx.convolution.adjoint(g.mul_(_per_map(scale, g)))
        g_style = _over_pixels(g * x)
        g_x = g.mul_(_per_map(style, g)) if ctx.needs_input_grad[0] else None
        return g_x, g_style.to(style.dtype), g_scale.to(scale.dtype), None, None, None, None, None


def _per_map(factor: Tensor, x: Tensor) -> Tensor:
    return factor.to(x.dtype)[:, :, None, None]


def _over_pixels(maps: Tensor) -> Tensor:
    """Sum over pixels, in float32 at least."""
    return maps.sum(dim=(2, 3), dtype=torch.promote_types(maps.dtype, torch.float32))
