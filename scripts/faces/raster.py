"""A z-buffer in plain tensor operations: no compiled extension, GPU or OpenGL."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

_BITS = 24  # of the fragment number, packed below the depth
_EMPTY = 2**62


class Hits(NamedTuple):
    """The nearest surface in each pixel that has one."""

    pixel: Tensor
    triangle: Tensor
    weights: Tensor
    """Barycentric coordinates, ``(N, 3)``."""
    depth: Tensor

    def interpolate(self, attributes: Tensor, triangles: Tensor) -> Tensor:
        """Interpolate vertex attributes ``(V, C)`` at the hits."""
        return interpolate(attributes, triangles[self.triangle], self.weights)

    def where(self, keep: Tensor) -> "Hits":
        """Return some of the hits."""
        return Hits(*(value[keep] for value in self))


def interpolate(attributes: Tensor, corners: Tensor, weights: Tensor) -> Tensor:
    """Sum the attributes of three ``corners`` (vertex numbers, ``(N, 3)``) with ``weights``."""
    return F.embedding_bag(corners, attributes, per_sample_weights=weights.contiguous(), mode="sum")


def rasterise(
    xy: Tensor,
    depth: Tensor,
    triangles: Tensor,
    side: int,
    *,
    cull: bool,
    keep: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Hits:
    """Find the nearest triangle in each pixel of a square image.

    Triangles become pixel rows, rows become exactly the covered pixels, and the nearest fragment wins by a scatter-min
    of depth and fragment number packed in one integer.

    Args:
        xy: Vertices in pixels, y down.
        depth: Of vertices; smaller is nearer.
        triangles: Vertex numbers.
        side: Of the image.
        cull: Leave out triangles that face away.
        keep: Called with triangle numbers and weights of all fragments, tells which exist (before the depth test).

    Returns:
        A hit for each covered pixel.
    """
    corners = xy[triangles]
    origin = corners[:, 0]
    a, b, c, faces = _edges(corners - origin[:, None], cull)
    top = (corners[..., 1].amin(1) - 0.5).ceil().clamp(0, side)
    bottom = (corners[..., 1].amax(1) - 0.5).floor().clamp(-1, side - 1)
    owner, rank = _spread((bottom - top + 1).clamp(min=0).long() * faces)
    row = top[owner].long() + rank
    slope, start = origin[owner, 0], b[owner] * (row + 0.5 - origin[owner, 1])[:, None] + c[owner]
    first, last = _row_limits(a[owner], start, slope, side)
    of_row, rank = _spread((last - first + 1).clamp(min=0).long())
    column = first[of_row].long() + rank
    weights = a[owner][of_row] * (column + 0.5 - slope[of_row])[:, None] + start[of_row]
    pixel, triangle = row[of_row] * side + column, owner[of_row]
    if keep is not None:
        kept = keep(triangle, weights)
        triangle, pixel, weights = triangle[kept], pixel[kept], weights[kept]
    return _nearest(Hits(pixel, triangle, weights, (weights * depth[triangles][triangle]).sum(1)), depth, side)


def _edges(offsets: Tensor, cull: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return each barycentric coordinate as ``a x + b y + c``, and which triangles are drawn (y points down)."""
    x, y = offsets.unbind(-1)
    j, k = [1, 2, 0], [2, 0, 1]
    area = x[:, 1] * y[:, 2] - x[:, 2] * y[:, 1]
    drawn = (area < -1e-6) if cull else (area.abs() > 1e-6)
    inverse = 1 / torch.where(drawn, area, 1.0)[:, None]
    constant = x[:, j] * y[:, k] - x[:, k] * y[:, j]
    return (y[:, j] - y[:, k]) * inverse, (x[:, k] - x[:, j]) * inverse, constant * inverse, drawn


def _row_limits(a: Tensor, start: Tensor, origin: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Tell the first and last covered pixel of each row: every edge bounds x on one side."""
    cut = -start / torch.where(a == 0, 1e-12, a)
    low = torch.where(a > 0, cut, -1e9).amax(1) + origin
    high = torch.where(a < 0, cut, 1e9).amin(1) + origin
    return (low - 0.5).ceil().clamp(0, side), (high - 0.5).floor().clamp(-1, side - 1)


def _spread(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the owner of each item and its rank: counts 2, 0, 1 give owners 0 0 2 and ranks 0 1 0."""
    owner = torch.repeat_interleave(torch.arange(len(counts)), counts)
    return owner, torch.arange(len(owner)) - (counts.cumsum(0) - counts)[owner]


def _nearest(hits: Hits, depth: Tensor, side: int) -> Hits:
    low, high = depth.min(), depth.max()
    level = ((hits.depth - low) / (high - low + 1e-6)).clamp(0, 1).mul(2**_BITS).long()
    packed = (level << _BITS) | torch.arange(len(level))
    buffer = torch.full((side * side,), _EMPTY).scatter_reduce(0, hits.pixel, packed, "amin")
    return hits.where(buffer[buffer < _EMPTY] & (2**_BITS - 1))
