"""How fast this processor computes at its best."""

import time
from collections.abc import Callable

import torch
from torch.nn import functional as F


def peak(size: int = 2048, repeats: int = 4) -> float:
    """Measure GFLOP/s in float32: a large matrix product or a wide convolution, whichever is faster, at its best.

    Libraries differ in what they make of a processor, so one alone may not show what it can do.

    Args:
        size: Of the matrices; maps have a quarter of it in channels, and are a 32nd of it wide.
        repeats: Of each.
    """
    a, b = torch.randn(2, size, size)
    x, weight = torch.randn(1, size // 4, size // 32, size // 32), torch.randn(size // 4, size // 4, 3, 3)
    x, weight = (tensor.contiguous(memory_format=torch.channels_last) for tensor in (x, weight))
    product = _seconds(lambda: a @ b, repeats)
    convolution = _seconds(lambda: F.conv2d(x, weight, padding=1), repeats)
    return max(2 * size**3 / product, 2 * weight.numel() * (size // 32) ** 2 / convolution) / 1e9


def _seconds(compute: Callable[[], object], repeats: int) -> float:
    def once() -> float:
        begun = time.process_time()
        compute()
        return time.process_time() - begun

    return min(once() for _ in range(repeats))
