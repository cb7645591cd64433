"""3x3 convolutions whose weights never change: prepared once, and differentiated for their input alone.

The gradient of a convolution with constant weights is another one. Nothing is kept for it but the weights, so whoever
calls these inside an autograd function decides what else is worth keeping.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from i2s_lightning.ops import winograd
from i2s_lightning.ops.resample import Padding, fir

_PHASED_FROM = 64 * 64
"""Input pixels of a map from which a transposed convolution on a CPU is faster as four small ones (1.5 to 2x)."""


@runtime_checkable
class FrozenMap(Protocol):
    """A linear map of feature maps."""

    def __call__(self, x: Tensor) -> Tensor:
        """Apply it."""
        ...

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Turn the gradient of its result into the gradient of its input."""
        ...


class FrozenConv:
    """A 3x3 convolution with zero padding.

    Args:
        weight: ``(O, I, 3, 3)``.
    """

    def __init__(self, weight: Float[Tensor, "O I 3 3"]) -> None:
        self._forward, self._backward = _Conv(weight), _Conv(weight.flip(2, 3).transpose(0, 1))

    def __call__(self, x: Float[Tensor, "B I H W"], bias: Float[Tensor, " O"] | None = None) -> Tensor:
        """Convolve, ``(B, O, H, W)``."""
        return self._forward(x, bias)

    def adjoint(self, gradient: Float[Tensor, "B O H W"]) -> Float[Tensor, "B I H W"]:
        """Turn the gradient of the result into the gradient of the input."""
        return self._backward(gradient)


class _Conv:
    """One direction of it, by whichever method is faster for the maps that come."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = _laid_out(weight)

    def __call__(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        if winograd.pays(x, self.weight) and self.winograd.keeps_images_apart(x):
            return self.winograd(x, bias)
        return F.conv2d(x, self.weight, bias, padding=1)

    @cached_property
    def winograd(self) -> winograd.Winograd:
        with torch.inference_mode(False):
            return winograd.Winograd(self.weight)


@dataclass(frozen=True)
class Filter:
    """A FIR filter after a convolution; see :func:`i2s_lightning.ops.resample.fir`."""

    kernel: Tensor
    padding: Padding
    gain: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        """Apply it."""
        return fir(x, self.kernel, padding=self.padding, gain=self.gain)

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Turn the gradient of the result into the gradient of the input."""
        left, right, top, bottom = self.padding
        across, down = self.kernel.shape[-1] - 1, self.kernel.shape[0] - 1
        padding = (across - left, across - right, down - top, down - bottom)
        return fir(gradient, self.kernel.flip(tuple(range(self.kernel.ndim))), padding=padding, gain=self.gain)


class FrozenUpConv:
    """A stride-2 transposed convolution, and filters after it.

    Args:
        weight: ``(O, I, 3, 3)``.
        filters: In order; together they crop a row and a column.
    """

    def __init__(self, weight: Float[Tensor, "O I 3 3"], *filters: Filter) -> None:
        self.weight, self.filters = _laid_out(weight.transpose(0, 1)), filters
        self.phases = [[_laid_out(weight.flip(2, 3)[:, :, i::2, j::2]) for j in (0, 1)] for i in (0, 1)]

    def __call__(self, x: Float[Tensor, "B I H W"]) -> Float[Tensor, "B O 2*H 2*W"]:
        """Double the resolution and convolve."""
        phased = x.device.type == "cpu" and x.shape[2] * x.shape[3] >= _PHASED_FROM
        y = self._in_phases(x) if phased else F.conv_transpose2d(x, self.weight, stride=2)
        for filter_ in self.filters:
            y = filter_(y)
        return y

    def adjoint(self, gradient: Float[Tensor, "B O H2 W2"]) -> Float[Tensor, "B I H W"]:
        """Turn the gradient of the result into the gradient of the input."""
        for filter_ in reversed(self.filters):
            gradient = filter_.adjoint(gradient)
        return F.conv2d(gradient, self.weight, stride=2)

    def _in_phases(self, x: Tensor) -> Tensor:
        """Compute the pixels of even and odd rows and columns apart: each sees only some of the nine weights."""
        batch, _, height, width = x.shape
        y = x.new_empty(batch, 2 * height + 1, 2 * width + 1, self.weight.shape[1]).permute(0, 3, 1, 2)
        for i, row in enumerate(self.phases):
            for j, weight in enumerate(row):
                y[:, :, i::2, j::2] = F.conv2d(x, weight, padding=(1 - i, 1 - j))
        return y


def conv_relu(x: Float[Tensor, "B I H W"], convolution: FrozenConv, bias: Float[Tensor, " O"]) -> Tensor:
    """Compute ``relu(convolution(x) + bias)``, keeping nothing but the result; there are no second derivatives.

    Args:
        x: Feature maps; gradients reach them alone.
        convolution: Prepared weights, in the precision of ``x``.
        bias: Offset of each channel.

    Returns:
        Feature maps, ``(B, O, H, W)``.
    """
    result: Tensor = _ConvRelu.apply(x, convolution, bias.to(x.dtype))  # type: ignore[no-untyped-call]
    return result


class _ConvRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, convolution: FrozenConv, bias: Tensor) -> Tensor:
        ctx.convolution = convolution
        y = F.relu_(convolution(x, bias))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None]:
        (y,) = ctx.saved_tensors
        g = torch.ops.aten.threshold_backward(gradients[0], y, 0)
        return ctx.convolution.adjoint(g), None, None


def _laid_out(weight: Tensor) -> Tensor:
    return weight.detach().contiguous(memory_format=torch.channels_last)
