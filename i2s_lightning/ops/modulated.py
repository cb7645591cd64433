"""Weight modulation and demodulation (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN").

Scaling a convolution's weights per image equals scaling its input and output channels, so one convolution with shared
weights serves the whole batch and images can't mix.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.ops.activations import ACTIVATIONS, activate
from i2s_lightning.ops.frozen_conv import Filter
from i2s_lightning.ops.mapping import linear

_HOMOGENEOUS = {"linear", "relu", "lrelu"}  # f(a x) = a f(x) for a > 0


def kernel_power(weight: Float[Tensor, "O I k k"]) -> Float[Tensor, "O I"]:
    """Sum the squares of each kernel.

    Example:
        >>> kernel_power(torch.ones(1, 2, 3, 3))
        tensor([[9., 9.]])
    """
    return weight.square().sum(dim=(2, 3))


def demodulation(style: Float[Tensor, "B I"], power: Float[Tensor, "O I"]) -> Float[Tensor, "B O"]:
    """Compute the factors that give each output channel unit expected variance (equation 3 there).

    Args:
        style: Scale of each input channel.
        power: Of the convolution's weights; see :func:`kernel_power`.

    Returns:
        ``1 / sqrt(sum over i, k of (weight * style)^2 + 1e-8)``.

    Example:
        >>> demodulation(torch.ones(2, 4), torch.ones(1, 4))
        tensor([[0.5000],
                [0.5000]])
    """
    return (linear(style.square(), power) + 1e-8).rsqrt()


def up_convolution(
    x: Float[Tensor, "B I H W"], weight: Float[Tensor, "O I 3 3"], kernel: Float[Tensor, " n"] | Float[Tensor, "n m"]
) -> Float[Tensor, "B O 2*H 2*W"]:
    """Double the resolution and convolve: stride-2 transposed convolution, then a FIR filter.

    Args:
        x: Feature maps.
        weight: 3x3 weights; the zero-inserted maps are convolved truly (kernel flipped), which the transposed
            convolution does with the weights as they are.
        kernel: Resampling filter that sums to 1.

    Returns:
        Feature maps of twice the size.

    Example:
        >>> up_convolution(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3), torch.tensor([0.5, 0.5]))[0, 0, 1]
        tensor([6., 9., 9., 6.])
    """
    return up_filter(kernel)(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2))  # 2 H + 1


def up_filter(kernel: Float[Tensor, " n"] | Float[Tensor, "n m"]) -> Filter:
    """Give the filter that follows a transposed convolution: it leaves an even number of pixels."""
    ny, nx = kernel.shape[0], kernel.shape[-1]
    return Filter(kernel, ((nx - 1) // 2, (nx - 2) // 2, (ny - 1) // 2, (ny - 2) // 2), gain=4.0)


def noisy_activation(
    x: Float[Tensor, "B C H W"],
    scale: Float[Tensor, "B C"],
    bias: Float[Tensor, " C"],
    noise: Float[Tensor, "#B 1 #H #W"] | None,
    *,
    activation: str = "lrelu",
    gain: float = 1.0,
    clamp: float | None = None,
) -> Float[Tensor, "B C H W"]:
    """Compute ``activate(x * scale + noise + bias)`` in as few passes as plain operations allow.

    Args:
        x: Feature maps; left as they are.
        scale: Factor of each image's channels.
        bias: Offset of each channel.
        noise: Offset of each pixel, or None.
        activation: A key of ``ACTIVATIONS``.
        gain: Factor on top of the activation's own.
        clamp: Limit before ``gain``, or None.

    Returns:
        A new tensor of the shape of ``x``.

    Example:
        >>> noisy_activation(torch.ones(1, 1, 1, 1), torch.ones(1, 1), torch.ones(1), None, activation="linear")
        tensor([[[[2.]]]])
    """
    fold = gain * ACTIVATIONS[activation][1] if activation in _HOMOGENEOUS else 1.0
    scale, bias = scale[:, :, None, None] * fold, bias[:, None, None] * fold
    y = torch.addcmul(bias, x, scale) if noise is None else torch.addcmul(noise * fold, x, scale).add_(bias)
    if activation not in _HOMOGENEOUS:
        return activate(y, activation, gain=gain, clamp=clamp)
    if activation == "lrelu":
        y = F.leaky_relu_(y, 0.2)
    elif activation == "relu":
        y = F.relu_(y)
    return y if clamp is None else y.clamp(-clamp * gain, clamp * gain)


def modulated_projection(
    x: Float[Tensor, "B I H W"],
    weight: Float[Tensor, "O I 1 1"],
    style: Float[Tensor, "B I"],
    bias: Float[Tensor, " O"],
) -> Float[Tensor, "B O H W"]:
    """Project feature maps to few channels with weights scaled per image (ToRGB: no demodulation).

    A small matrix product per image: it avoids a pass over ``x * style``.

    Args:
        x: Feature maps.
        weight: 1x1 weights.
        style: Scale of each input channel.
        bias: Offset of each output channel.

    Returns:
        Images.

    Example:
        >>> modulated_projection(torch.ones(1, 2, 1, 1), torch.ones(3, 2, 1, 1), torch.ones(1, 2), torch.zeros(3)).shape
        torch.Size([1, 3, 1, 1])
    """
    scaled = weight[:, :, 0, 0] * style.unsqueeze(1)
    batch, channels, height, width = x.shape
    if x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous():
        pixels = torch.bmm(x.permute(0, 2, 3, 1).reshape(batch, height * width, channels), scaled.transpose(1, 2))
        return pixels.view(batch, height, width, -1).permute(0, 3, 1, 2) + bias[:, None, None]
    return torch.bmm(scaled, x.flatten(2)).view(batch, -1, height, width) + bias[:, None, None]
