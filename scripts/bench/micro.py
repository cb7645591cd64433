"""The parts of a step that were chosen by measuring, each beside what it was chosen over."""

from collections.abc import Callable
from functools import partial

import torch
from bench.harness import Case, Step, Values, Variant
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.ops import frozen_conv
from i2s_lightning.ops.frozen_conv import FrozenConv, FrozenUpConv
from i2s_lightning.ops.modulated import noisy_activation
from i2s_lightning.ops.styled import styled_layer
from i2s_lightning.ops.winograd import Winograd

Shape = tuple[int, int, int, int]
"""Images, input channels, output channels, pixels a side."""


def maps(shape: Shape, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Give feature maps and weights."""
    images, inner, outer, side = shape
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(images, inner, side, side, generator=rng).to(dtype).contiguous(memory_format=torch.channels_last)
    return x, torch.randn(outer, inner, 3, 3, generator=rng).to(dtype) / (9 * inner) ** 0.5


def without_gradient(function: Callable[[], Tensor]) -> Step:
    """Time a function's value alone."""

    def step() -> Values:
        with torch.no_grad():
            return {"value": function()}

    return step


def direct(shape: Shape, dtype: torch.dtype = torch.float32) -> Step:
    """Convolve as torch does."""
    x, weight = maps(shape, dtype)
    weight = weight.contiguous(memory_format=torch.channels_last)
    return without_gradient(lambda: F.conv2d(x, weight, padding=1))


def quick(shape: Shape) -> Step:
    """Convolve with fewer products."""
    x, weight = maps(shape)
    convolution = Winograd(weight)
    return without_gradient(lambda: convolution(x))


def transposed(shape: Shape, phased_from: int, dtype: torch.dtype = torch.float32) -> Step:
    """Double the resolution, from so many pixels on in four phases."""
    x, weight = maps(shape, dtype)
    frozen_conv._PHASED_FROM = phased_from
    convolution = FrozenUpConv(weight)
    return without_gradient(lambda: convolution(x))


def layer(shape: Shape, fused: bool, dtype: torch.dtype = torch.float32) -> Step:
    """Run a whole layer and the gradient of its output's energy.

    That is continuous where leaky ReLU has its kink. The sum's is not: the few outputs that Winograd's rounding moves
    across zero would outweigh all other errors.
    """
    x, weight = maps(shape, dtype)
    rng = torch.Generator().manual_seed(1)
    factors = [0.5 + torch.rand(shape[0], n, generator=rng).to(dtype) for n in shape[1:3]]
    style, scale = (factor.requires_grad_() for factor in factors)
    bias, noise = (torch.randn(n, generator=rng).to(dtype) for n in ((shape[2],), (1, 1, shape[3], shape[3])))
    convolution, leaf = FrozenConv(weight), x.requires_grad_()

    def step() -> Values:
        if fused:
            y = styled_layer(leaf, style, scale, bias, noise, convolution)
        else:
            y = F.conv2d(leaf * style[:, :, None, None], weight, padding=1)
            y = noisy_activation(y, scale, bias, noise)
        gradients = torch.autograd.grad(y.square().sum() / 2, (leaf, style, scale))
        return {"value": y.detach()} | {f"gradient {i}": g for i, g in enumerate(gradients)}

    return step


def _case(name: str, first: tuple[str, partial[Step]], second: tuple[str, partial[Step]], exact: partial[Step]) -> Case:
    return Case(f"micro-{name}", "micro", 1, [Variant(*first), Variant(*second)], exact, repeats=9)


def _convolution(shape: Shape) -> Case:
    name = "conv-{1}-{2}-{3}x{0}".format(*shape)
    exact = partial(direct, shape, torch.float64)
    return _case(name, ("direct", partial(direct, shape)), ("Winograd's", partial(quick, shape)), exact)


def _doubling(shape: Shape) -> Case:
    whole, exact = partial(transposed, shape, 10**9), partial(transposed, shape, 10**9, torch.float64)
    phases = partial(transposed, shape, 0)
    return _case("up-{1}-{2}-{3}x{0}".format(*shape), ("transposed", whole), ("in phases", phases), exact)


def _layer(shape: Shape) -> Case:
    exact = partial(layer, shape, False, torch.float64)
    plain, fused = partial(layer, shape, False), partial(layer, shape, True)
    return _case("layer-{1}-{2}-{3}x{0}".format(*shape), ("plain operations", plain), ("one node", fused), exact)


CASES = [
    *map(
        _convolution, [(1, 512, 512, 64), (1, 256, 256, 128), (1, 128, 128, 256), (1, 64, 64, 256), (8, 256, 256, 16)]
    ),
    *map(_doubling, [(1, 512, 512, 32), (1, 256, 128, 128), (1, 64, 32, 512)]),
    *map(_layer, [(1, 128, 128, 256), (8, 64, 64, 32)]),
]
