import pytest
import torch
from torch.nn import functional as F

from i2s_lightning.ops.activations import ACTIVATIONS, activate
from i2s_lightning.ops.modulated import (
    demodulation,
    kernel_power,
    modulated_projection,
    noisy_activation,
    up_convolution,
)
from i2s_lightning.ops.resample import fir


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def test_demodulation_normalises_the_scaled_weights():
    weight, style = randn(5, 4, 3, 3), randn(2, 4)
    scaled = weight * style[:, None, :, None, None] * demodulation(style, kernel_power(weight))[:, :, None, None, None]
    assert torch.allclose(scaled.square().sum((2, 3, 4)), torch.ones(2, 5, dtype=torch.float64), rtol=1e-7)


def test_scaling_channels_equals_scaling_weights():
    x, weight, style = randn(2, 4, 6, 7), randn(5, 4, 3, 3), randn(2, 4)
    scale = demodulation(style, kernel_power(weight))
    own = weight * style[:, None, :, None, None] * scale[:, :, None, None, None]
    expected = torch.cat([F.conv2d(x[i : i + 1], own[i], padding=1) for i in range(2)])
    got = F.conv2d(x * style[:, :, None, None], weight, padding=1) * scale[:, :, None, None]
    assert torch.allclose(got, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("taps", "padding"), [(4, (1, 1, 1, 1)), (5, (2, 1, 2, 1)), (3, (1, 0, 1, 0))])
def test_up_convolution_value(taps, padding):
    """Zero-inserted maps, true convolution over the full support, then the filter."""
    x, weight, kernel = randn(2, 3, 4, 5), randn(2, 3, 3, 3), randn(taps, taps)
    zeros = torch.zeros(2, 3, 7, 9, dtype=torch.float64)
    zeros[:, :, ::2, ::2] = x
    full = F.conv2d(zeros, weight.flip(2, 3), padding=2)
    assert torch.allclose(up_convolution(x, weight, kernel), fir(full, kernel, padding=padding, gain=4.0), rtol=1e-10)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("clamp", [None, 0.7])
@pytest.mark.parametrize("with_noise", [True, False])
def test_noisy_activation_value_and_gradient(activation, clamp, with_noise):
    x, scale, bias = randn(2, 3, 4, 5).requires_grad_(), randn(2, 3).requires_grad_(), randn(3).requires_grad_()
    noise = randn(1, 1, 4, 5) if with_noise else None
    before = x.detach().clone()
    got = noisy_activation(x, scale, bias, noise, activation=activation, gain=0.5, clamp=clamp)
    summed = x * scale[:, :, None, None] + bias[:, None, None] + (0 if noise is None else noise)
    expected = activate(summed, activation, gain=0.5, clamp=clamp)
    seed = randn(*x.shape)
    for a, b in zip(*(torch.autograd.grad((y * seed).sum(), (x, scale, bias)) for y in (got, expected)), strict=True):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-12)
    assert torch.allclose(got, expected, rtol=1e-12, atol=1e-12)
    assert torch.equal(x, before)


def test_noisy_activation_has_second_derivatives():
    x, scale, bias = randn(1, 2, 2, 2).requires_grad_(), randn(1, 2).requires_grad_(), randn(2).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda *a: noisy_activation(*a, None), (x, scale, bias))


def test_modulated_projection_value():
    x, weight, style, bias = randn(2, 4, 3, 5), randn(3, 4, 1, 1), randn(2, 4), randn(3)
    expected = F.conv2d(x * style[:, :, None, None], weight, bias)
    assert torch.allclose(modulated_projection(x, weight, style, bias), expected, rtol=1e-11, atol=1e-11)
