"""What kind of work a profiled call is, and how many operations a convolution takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

WIDTHS = {"256 channels and more": 256, "64 to 255": 64, "fewer than 64": 0}
"""Classes of convolutions, by the fewer of input and output channels."""
FILTERS, REST = "filters", "the rest"
KINDS = (*WIDTHS, FILTERS, REST)

_RESAMPLING = {"aten::constant_pad_nd", "aten::avg_pool2d", "aten::avg_pool2d_backward"}
_WINOGRAD = "winograd"
_TILE = 4


@dataclass(frozen=True)
class Work:
    """A call's share.

    Attributes:
        kind: Of :data:`KINDS`.
        flops: Of a direct convolution, a multiplication and an addition counting 2.
        least: The same with the fewest multiplications of :func:`saving`.
    """

    kind: str
    flops: float = 0.0
    least: float = 0.0


def winograd_name(x: Sequence[int], weight: Sequence[int]) -> str:
    """Name a 3x3 convolution of maps ``(B, I, H, W)`` by transformed weights ``(36, I, O)`` for :func:`work`."""
    return f"{_WINOGRAD} {x[0] * x[2] * x[3]} {weight[1]} {weight[2]}"


def work(name: str, shapes: Sequence[Any], values: Sequence[Any]) -> Work | None:
    """Tell what a call does with all that it calls; None: look into it.

    Args:
        name: The profiler's.
        shapes: Of its arguments.
        values: Its arguments that aren't tensors.
    """
    if name in _RESAMPLING:
        return Work(FILTERS)
    if name.startswith(_WINOGRAD):
        pixels, *channels = map(int, name.split()[1:])
        return _convolution(pixels, [*channels, 3, 3], 1, stride=(1, 1))
    if name == "aten::convolution":
        x, weight = shapes[:2]
        stride, padding, dilation, transposed, _, groups = values[3:9]
        sides = x[2:] if transposed else _sides(x[2:], weight[2:], stride, padding, dilation)
        return _convolution(x[0] * prod(sides), weight, groups, stride)
    if name == "aten::convolution_backward":
        gradient, x, weight = shapes[:3]
        stride, _, _, transposed, _, groups, mask = values[4:11]
        narrow = x if transposed else gradient
        return _convolution(narrow[0] * prod(narrow[2:]), weight, groups, stride, times=sum(mask[:2]))
    if name == "aten::bmm" and 1 not in (sizes := (*shapes[0][1:], shapes[1][2])):  # ToRGB's; styles are rows of one
        flops = 2.0 * shapes[0][0] * prod(sizes)
        return Work(_width(min(sizes)), flops, flops)
    return None


def saving(side: int, stride: int) -> float:
    """Give the share of multiplications along one axis that tiles of four pixels need (Winograd 1980).

    Args:
        side: Of the kernel.
        stride: Of a convolution or its transposed, which is as many convolutions by every so manyth weight.
    """
    taps = [len(range(phase, side, stride)) for phase in range(stride)]
    return sum(count + _TILE - 1 for count in taps if count) / (_TILE * side)


def _convolution(pixels: int, weight: Sequence[int], groups: int, stride: Sequence[int], times: int = 1) -> Work:
    if groups > 1 and weight[1] == 1:
        return Work(FILTERS)
    flops = 2.0 * pixels * prod(weight) * times
    share = prod(saving(*axis) for axis in zip(weight[2:], stride, strict=True))
    return Work(_width(min(weight[0] // groups, weight[1])), flops, flops * share)


def _width(channels: int) -> str:
    return next(name for name, least in WIDTHS.items() if channels >= least)


def _sides(x: Sequence[int], kernel: Sequence[int], *options: Sequence[int]) -> list[int]:
    axes = zip(x, kernel, *options, strict=True)
    return [(n + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for n, k, stride, padding, dilation in axes]
