import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from i2s_lightning.ops.frozen_conv import FrozenConv, FrozenUpConv
from i2s_lightning.ops.modulated import noisy_activation, up_convolution, up_filter
from i2s_lightning.ops.resample import binomial_filter
from i2s_lightning.ops.styled import SLOPES, styled_layer


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def inputs(batch=2, inner=3, outer=4, height=5, width=4, factor=1):
    x, style = randn(batch, inner, height, width).requires_grad_(), randn(batch, inner).requires_grad_()
    scale = (randn(batch, outer).abs() + 0.1).requires_grad_()
    return x, style, scale, randn(outer), randn(1, 1, factor * height, factor * width), randn(outer, inner, 3, 3)


@given(
    seed=st.integers(0, 2**31),
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)),
    activation=st.sampled_from(sorted(SLOPES)),
    gain=st.sampled_from([1.0, 0.5**0.5]),
    clamp=st.sampled_from([None, 0.7]),
    noise=st.sampled_from(["none", "shared", "own"]),
    up=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_equals_plain_operations_in_float64(seed, sizes, activation, gain, clamp, noise, up):
    """Value and all gradients, over shapes and options."""
    torch.manual_seed(seed)
    x, style, scale, bias, map_, weight = inputs(*sizes, factor=2 if up else 1)
    map_ = {"none": None, "shared": map_, "own": map_.expand(len(x), -1, -1, -1) * randn(len(x), 1, 1, 1)}[noise]
    kernel, options = binomial_filter(4).double(), {"activation": activation, "gain": gain, "clamp": clamp}
    convolution = FrozenUpConv(weight, up_filter(kernel)) if up else FrozenConv(weight)
    got = styled_layer(x, style, scale, bias, map_, convolution, **options)
    modulated = x * style[:, :, None, None]
    maps = up_convolution(modulated, weight, kernel) if up else torch.conv2d(modulated, weight, padding=1)
    expected = noisy_activation(maps, scale, bias, map_, **options)
    assert torch.allclose(got, expected, rtol=1e-9, atol=1e-9)
    ones = torch.randn_like(got)
    for a, b in zip(*(torch.autograd.grad((y * ones).sum(), (x, style, scale)) for y in (got, expected)), strict=True):
        assert torch.allclose(a, b, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("activation", sorted(SLOPES))
def test_gradcheck(activation):
    x, style, scale, bias, noise, weight = inputs(1, 2, 2, 3, 3)
    convolution = FrozenConv(weight)
    assert torch.autograd.gradcheck(
        lambda x, style, scale: styled_layer(x, style, scale, bias, noise, convolution, activation=activation),
        (x, style, scale),
    )


def test_input_without_gradient():
    x, style, scale, bias, noise, weight = inputs()
    result = styled_layer(x.detach(), style, scale, bias, noise, FrozenConv(weight))
    assert all(g.abs().sum() > 0 for g in torch.autograd.grad(result.sum(), (style, scale)))


def test_has_no_second_derivative():
    x, style, scale, bias, noise, weight = inputs()
    result = styled_layer(x, style, scale, bias, noise, FrozenConv(weight))
    (slope,) = torch.autograd.grad(result.square().sum(), style, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()
