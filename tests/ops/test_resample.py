import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch.nn import functional as F

from i2s_lightning.ops.resample import binomial_filter, fir, fir_upsample, upsample2d

KERNELS = {
    "even separable": torch.tensor([0.1, 0.5, 0.3, 0.2], dtype=torch.float64),
    "odd separable": torch.tensor([0.1, 0.5, 0.3, 0.2, 0.7], dtype=torch.float64),
    "2-D": torch.arange(12, dtype=torch.float64).reshape(3, 4) / 10,
}


def reference(x, kernel, *, up=1, down=1, padding=(0, 0, 0, 0)):
    """Zero-insert, pad or crop, convolve with SciPy, subsample: the definition."""
    square = kernel if kernel.ndim == 2 else torch.outer(kernel, kernel)
    batch, channels, height, width = x.shape
    zeros = torch.zeros(batch, channels, height * up, width * up, dtype=x.dtype)
    zeros[:, :, ::up, ::up] = x
    padded = F.pad(zeros, padding).numpy()
    maps = [convolve2d(m, square.numpy(), mode="valid") for m in padded.reshape(-1, *padded.shape[2:])]
    filtered = np.stack(maps).reshape(batch, channels, *maps[0].shape) * up**2
    return torch.tensor(filtered[:, :, ::down, ::down])


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 1, 2, 2), (2, 1, 0, 3), (-1, 2, 1, -2)])
@pytest.mark.parametrize("down", [1, 2])
def test_fir_value(kernel, padding, down):
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    expected = reference(x, kernel, down=down, padding=padding) * 4
    assert torch.allclose(fir(x, kernel, padding=padding, down=down, gain=4.0), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("padding", [(2, 1, 2, 1), (0, 0, 0, 0), (5, 4, 6, 7), (-2, 3, 1, -3)])
@pytest.mark.parametrize("up", [1, 2, 4])
def test_fir_upsample_value(kernel, padding, up):
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    expected = reference(x, kernel, up=up, padding=padding)
    assert torch.allclose(fir_upsample(x, kernel, up=up, padding=padding), expected, rtol=1e-11, atol=1e-11)


def test_upsample2d_of_the_usual_filter_is_bilinear():
    x = torch.randn(1, 2, 5, 6, dtype=torch.float64)
    bilinear = F.interpolate(F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode="bilinear")[:, :, 2:-2, 2:-2]
    assert torch.allclose(upsample2d(x, binomial_filter(4).double()), bilinear, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("taps", [2, 3, 5, 8])
def test_upsample2d_shape(taps):
    assert upsample2d(torch.randn(2, 3, 4, 5), binomial_filter(taps)).shape == (2, 3, 8, 10)


def test_binomial_filter_value():
    assert torch.equal(binomial_filter(5) * 16, torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]))


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_gradcheck(kernel):
    x = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: fir(x, kernel, padding=(2, 2, 2, 1), down=2), x)
    assert torch.autograd.gradcheck(lambda x: fir_upsample(x, kernel, up=2, padding=(3, 1, 2, 1)), x)
