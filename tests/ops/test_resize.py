"""Shrinking images."""

import pytest
import torch
from scipy import ndimage

from i2s_lightning.ops.resize import shrink

MODES = ["area", "bilinear"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [((64, 64), 32, (32, 32)), ((64, 48), 32, (32, 24)), ((30, 70), 35, (15, 35)), ((33, 50), 20, (13, 20))],
)
def test_shape(mode, shape, size, expected):
    assert tuple(shrink(torch.zeros(2, 3, *shape), size, mode).shape) == (2, 3, *expected)


@pytest.mark.parametrize("mode", MODES)
def test_a_sliver_keeps_one_pixel(mode):
    assert tuple(shrink(torch.zeros(1, 1, 200, 2), 10, mode).shape) == (1, 1, 10, 1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [32, 33, 256])
def test_never_enlarges(mode, size):
    image = torch.rand(1, 3, 32, 20)
    assert shrink(image, size, mode) is image


def test_area_averages_blocks():
    image = torch.rand(2, 3, 12, 8, dtype=torch.float64)
    expected = image.reshape(2, 3, 6, 2, 4, 2).mean(dim=(3, 5))
    torch.testing.assert_close(shrink(image, 6), expected, rtol=1e-12, atol=0)


def test_area_of_a_ratio_that_does_not_divide():
    """Pixel (i, j) averages the input pixels that it touches, ``floor(i r)`` to ``ceil((i + 1) r)``."""
    image = torch.rand(1, 1, 10, 10, dtype=torch.float64)
    got = shrink(image, 4)
    assert got[0, 0, 1, 2] == pytest.approx(float(image[0, 0, 2:5, 5:8].mean()))


def test_bilinear_samples_at_pixel_centres():
    image = torch.rand(1, 1, 20, 20, dtype=torch.float64)
    centres = (torch.arange(8) + 0.5) * 20 / 8 - 0.5
    row, column = torch.meshgrid(centres, centres, indexing="ij")
    expected = ndimage.map_coordinates(image[0, 0].numpy(), [row.numpy(), column.numpy()], order=1)
    torch.testing.assert_close(
        shrink(image, 8, "bilinear")[0, 0], torch.from_numpy(expected).double(), rtol=0, atol=1e-6
    )
