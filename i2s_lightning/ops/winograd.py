"""3x3 convolutions with a quarter of the products: F(4x4, 3x3) of Lavin and Gray 2016, after Winograd 1980.

Maps are cut into 6x6 tiles that overlap by two pixels. Transformed tiles and weights multiply point by point, which for
many channels is 36 matrix products, one for each point; a transform back gives 4x4 pixels. In float32 the result is
about as exact as a direct convolution's (2 to 4 times its error, some 3e-6).

It pays where matrix products run at the speed of direct convolutions: on a processor with AVX2, 1.5 to 2.6 times from
128 channels on. With AVX-512 direct convolutions are the faster ones, at least on AMD.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

_PRODUCTS = 64 * 128
"""Input times output channels from which the transforms are worth it."""
_TILES = 8
"""Tiles of a batch from which they are: each reads all transformed weights, four times as many."""
_PANEL = 9_000_000
"""Bytes of transformed tiles that are made at a time: what stays in a processor's cache."""

_TILE = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0]]
_TILE += [[0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]
_WEIGHT = [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]  # times 24
_PIXEL = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]

_alike: dict[tuple[object, ...], bool] = {}


def pays(x: Float[Tensor, "B I H W"], weight: Float[Tensor, "O I 3 3"]) -> bool:
    """Tell whether :class:`Winograd` is the faster one; shapes and processor decide."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or weight.shape[0] * weight.shape[1] < _PRODUCTS:
        return False
    tiles = x.shape[0] * -(-x.shape[2] // 4) * -(-x.shape[3] // 4)
    return tiles >= _TILES and torch.backends.cpu.get_cpu_capability() == "AVX2"


class Winograd:
    """A 3x3 convolution with zero padding.

    Args:
        weight: ``(O, I, 3, 3)``.
    """

    def __init__(self, weight: Float[Tensor, "O I 3 3"]) -> None:
        rows = torch.tensor(_WEIGHT, dtype=torch.float64) / 24
        points = torch.einsum("ai,bj,ocij->abco", rows, rows, weight.double())
        self.weight = points.flatten(0, 1).to(weight.dtype).contiguous()
        self.to_points, self.to_pixels = (_both_axes(matrix).to(weight) for matrix in (_TILE, _PIXEL))

    def __call__(self, x: Float[Tensor, "B I H W"], bias: Float[Tensor, " O"] | None = None) -> Tensor:
        """Convolve; gives ``(B, O, H, W)``, channels last."""
        batch, inner, height, width = x.shape
        outer, down, across = self.weight.shape[2], -(-height // 4), -(-width // 4)
        padding = (0, 0, 1, 4 * across - width + 1, 1, 4 * down - height + 1)
        padded = F.pad(x.permute(0, 2, 3, 1), padding)
        result = x.new_empty(batch, down, 4, across, 4, outer)
        rows = max(1, _PANEL // (36 * batch * across * max(inner, outer) * x.element_size()))
        for first in range(0, down, rows):
            count = min(rows, down - first)
            pixels = self._panel(padded, first, count, across)
            if bias is not None:
                pixels.add_(bias)
            result[:, first : first + count] = pixels.permute(2, 3, 0, 4, 1, 5)
        maps = result.view(batch, 4 * down, 4 * across, outer)[:, :height, :width]
        return maps.contiguous().permute(0, 3, 1, 2)

    def keeps_images_apart(self, x: Float[Tensor, "B I H W"]) -> bool:
        """Tell whether equal images get equal bits in all places of a batch like ``x``.

        All images share one matrix product, and a library is free to round the rows of one differently. It does so
        according to their place, not to their values, so one trial tells for each shape.
        """
        key = (x.shape, x.dtype, self.weight.shape, torch.get_num_threads())
        if key not in _alike:
            rng = torch.Generator().manual_seed(0)
            image = torch.randn(1, *x.shape[1:], dtype=x.dtype, generator=rng)
            result = self(image.expand_as(x))
            _alike[key] = torch.equal(result, result[:1].expand_as(result))
        return _alike[key]

    def _panel(self, padded: Tensor, first: int, count: int, across: int) -> Tensor:
        """Compute some rows of tiles of all images, ``(4, 4, B, rows, across, O)``."""
        batch, inner, outer = padded.shape[0], padded.shape[3], self.weight.shape[2]
        image, line, pixel, _ = padded.stride()
        tiles = padded.as_strided(
            (6, 6, batch, count, across, inner), (line, pixel, image, 4 * line, 4 * pixel, 1), 4 * first * line
        )
        points = torch.mm(self.to_points, tiles.reshape(36, -1)).view(36, -1, inner)
        products = torch.bmm(points, self.weight)
        return torch.mm(self.to_pixels, products.view(36, -1)).view(4, 4, batch, count, across, outer)


def _both_axes(matrix: list[list[int]]) -> Tensor:
    rows = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(rows, rows)
