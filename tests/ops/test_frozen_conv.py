import pytest
import torch
from torch.nn import functional as F

from i2s_lightning.ops import frozen_conv, winograd
from i2s_lightning.ops.frozen_conv import FrozenConv, FrozenUpConv, conv_relu
from i2s_lightning.ops.modulated import up_convolution, up_filter


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def close(a, b):
    return torch.allclose(a, b, rtol=1e-10, atol=1e-10)


def gradient_through(function, x, seed):
    x = x.detach().requires_grad_()
    return torch.autograd.grad((function(x) * seed).sum(), x)[0]


@pytest.mark.parametrize("quick", [False, True])
def test_convolution_value_and_adjoint(quick, monkeypatch):
    monkeypatch.setattr(winograd, "pays", lambda x, weight: quick)
    x, weight, seed = randn(2, 3, 6, 5), randn(4, 3, 3, 3), randn(2, 4, 6, 5)
    convolution = FrozenConv(weight)
    assert close(convolution(x), F.conv2d(x, weight, padding=1))
    assert close(convolution.adjoint(seed), gradient_through(lambda x: F.conv2d(x, weight, padding=1), x, seed))


@pytest.mark.parametrize("phased", [False, True])
@pytest.mark.parametrize("shape", [(4,), (4, 4), (3, 3), (5, 2), (8, 8)])
def test_up_convolution_value_and_adjoint(shape, phased, monkeypatch):
    monkeypatch.setattr(frozen_conv, "_PHASED_FROM", 0 if phased else 10**9)
    x, weight, kernel = randn(2, 3, 4, 5), randn(2, 3, 3, 3), randn(*shape)
    convolution, seed = FrozenUpConv(weight, up_filter(kernel)), randn(2, 2, 8, 10)
    assert close(convolution(x), up_convolution(x, weight, kernel))
    assert close(convolution.adjoint(seed), gradient_through(lambda x: up_convolution(x, weight, kernel), x, seed))


@pytest.mark.parametrize("quick", [False, True])
def test_conv_relu_value_and_gradient(quick, monkeypatch):
    monkeypatch.setattr(winograd, "pays", lambda x, weight: quick)
    x, weight, bias = randn(2, 3, 5, 4).requires_grad_(), randn(4, 3, 3, 3), randn(4)
    convolution = FrozenConv(weight)
    assert close(conv_relu(x, convolution, bias), F.relu(F.conv2d(x, weight, bias, padding=1)))
    assert torch.autograd.gradcheck(lambda x: conv_relu(x, convolution, bias), (x,))
