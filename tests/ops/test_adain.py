import pytest
import torch
from torch.nn import functional as F

from i2s_lightning.ops.adain import adaptive_instance_norm, nearest_up_convolution, smooth


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def test_nearest_up_convolution_value():
    x, weight = randn(2, 3, 4, 5), randn(6, 3, 3, 3)
    expected = F.conv2d(F.interpolate(x, scale_factor=2), weight * 0.3, padding=1)
    assert torch.allclose(nearest_up_convolution(x, weight, 0.3), expected, rtol=1e-11, atol=1e-11)


def test_fused_official_form_is_the_same_with_the_kernel_turned():
    """From 128 px on NVIDIA transposes the convolution with four shifted copies of the kernel, summed."""
    x, weight = randn(2, 3, 4, 5), randn(6, 3, 3, 3)
    padded = F.pad(weight, (1, 1, 1, 1))
    summed = padded[:, :, 1:, 1:] + padded[:, :, :-1, 1:] + padded[:, :, 1:, :-1] + padded[:, :, :-1, :-1]
    expected = F.conv_transpose2d(x, summed.transpose(0, 1), stride=2, padding=1)
    assert torch.allclose(nearest_up_convolution(x, weight.flip(2, 3), 1.0), expected, rtol=1e-11, atol=1e-11)


def test_smooth_value():
    x = randn(2, 3, 4, 5)
    kernel = torch.outer(*2 * (torch.tensor([1.0, 2.0, 1.0]).double(),)) / 16
    expected = F.conv2d(x, kernel.expand(3, 1, 3, 3), padding=1, groups=3)
    assert torch.allclose(smooth(x), expected, rtol=1e-12, atol=1e-12)


def test_adaptive_instance_norm_value():
    x, scale, shift = randn(2, 3, 4, 5), randn(2, 3), randn(2, 3)
    expected = F.instance_norm(x, eps=1e-8) * scale[:, :, None, None] + shift[:, :, None, None]
    assert torch.allclose(adaptive_instance_norm(x, scale, shift, 1e-8), expected, rtol=1e-10, atol=1e-10)


def test_adaptive_instance_norm_is_accurate_far_from_zero():
    x = randn(1, 2, 16, 16) + 300.0
    one, zero = torch.ones(1, 2), torch.zeros(1, 2)
    got = adaptive_instance_norm(x.float(), one, zero, 1e-8)
    assert torch.allclose(got.double(), F.instance_norm(x.float().double(), eps=1e-8), atol=1e-4)


@pytest.mark.parametrize("eps", [1e-8, 1e-5])
def test_gradcheck(eps):
    inputs = tuple(randn(*shape).requires_grad_() for shape in ((2, 2, 3, 3), (2, 2), (2, 2)))
    assert torch.autograd.gradcheck(lambda *a: adaptive_instance_norm(*a, eps), inputs)
