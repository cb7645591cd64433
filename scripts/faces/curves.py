"""Small formulas that painting and modelling share. Tensors are float32, points are rows."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional as F


def vec(values: ArrayLike) -> Tensor:
    """Convert to a float32 tensor."""
    return torch.as_tensor(np.asarray(values, np.float32))


def lerp(low: Tensor, high: Tensor, share: Tensor | float) -> Tensor:
    """Interpolate: ``share`` 0 gives ``low``."""
    return low + (high - low) * share


def mix(colour: Tensor, other: Tensor, mask: Tensor) -> Tensor:
    """Cover rows of colours with another colour where ``mask``, one number a row and clamped to [0, 1], is 1."""
    return lerp(colour, other, mask.clamp(0, 1)[:, None])


def smooth_step(low: float, high: float, x: Tensor) -> Tensor:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (fall, where ``low`` is larger)."""
    share = ((x - low) / (high - low)).clamp(0, 1)
    return share * share * (3 - 2 * share)


def bump(x: Tensor, centre: float, width: float) -> Tensor:
    """Return a Gaussian bump of height 1."""
    return torch.exp(-(((x - centre) / width) ** 2))


def piecewise(x: Tensor, knots: Sequence[float] | Tensor, values: Sequence[float] | Tensor) -> Tensor:
    """Look up a piecewise linear function, constant beyond its ends."""
    xs, ys = torch.as_tensor(knots), torch.as_tensor(values)
    x = x.contiguous().clamp(xs[0].item(), xs[-1].item() - 1e-5)
    i = torch.searchsorted(xs, x, right=True) - 1
    return lerp(ys[i], ys[i + 1], (x - xs[i]) / (xs[i + 1] - xs[i]))


def rotation(angle: float, i: int, j: int) -> Tensor:
    """Return the rotation by ``angle`` in the plane of axes i and j."""
    matrix = torch.eye(3)
    matrix[i, i] = matrix[j, j] = math.cos(angle)
    matrix[i, j], matrix[j, i] = -math.sin(angle), math.sin(angle)
    return matrix


def facing(direction: Tensor) -> Tensor:
    """Return right, up and ``direction`` as rows: a view along a light."""
    right = F.normalize(torch.linalg.cross(vec([0, 1, 0.01]), direction), dim=0)
    return torch.stack([right, torch.linalg.cross(direction, right), direction])


class ValueNoise:
    """Tiling value noise of mean 0 and deviation 1, from a 256 x 256 table."""

    def __init__(self, table: Tensor) -> None:
        self.table = table

    def __call__(self, u: Tensor, v: Tensor) -> Tensor:
        """Look up, interpolating; the table repeats every unit."""
        x, y = u * 256 + 2560 + 0 * v, v * 256 + 2560 + 0 * u
        i, j = x.long(), y.long()
        left, right, top, bottom = i & 255, (i + 1) & 255, (j & 255) << 8, ((j + 1) & 255) << 8
        upper = lerp(self.table[top | left], self.table[top | right], x - i)
        return lerp(upper, lerp(self.table[bottom | left], self.table[bottom | right], x - i), y - j)
