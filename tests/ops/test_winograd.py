import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from i2s_lightning.ops import winograd
from i2s_lightning.ops.frozen_conv import FrozenConv
from i2s_lightning.ops.winograd import Winograd

side = st.integers(1, 13)


@given(seed=st.integers(0, 2**31), batch=st.integers(1, 3), channels=st.tuples(side, side), shape=st.tuples(side, side))
@settings(max_examples=30, deadline=None)
def test_equals_the_direct_convolution_in_float64(seed, batch, channels, shape):
    torch.manual_seed(seed)
    x = torch.randn(batch, channels[0], *shape, dtype=torch.float64)
    weight = torch.randn(channels[1], channels[0], 3, 3, dtype=torch.float64)
    bias = torch.randn(channels[1], dtype=torch.float64)
    assert torch.allclose(Winograd(weight)(x, bias), F.conv2d(x, weight, bias, padding=1), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_panels_do_not_change_the_result(monkeypatch, layout):
    x, weight = torch.randn(2, 5, 30, 9).contiguous(memory_format=layout), torch.randn(6, 5, 3, 3)
    whole = Winograd(weight)(x)
    monkeypatch.setattr(winograd, "_PANEL", 1)
    assert torch.allclose(Winograd(weight)(x), whole, rtol=1e-6, atol=1e-6)
    assert whole.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("channels", [64, 256])
def test_error_in_float32_is_a_few_roundings(channels):
    """Against float64, beside the direct convolution's own error."""
    x, weight = torch.randn(1, channels, 24, 24), torch.randn(channels, channels, 3, 3)
    exact = F.conv2d(x.double(), weight.double(), padding=1)
    ours, direct = (
        float((y - exact).norm() / exact.norm()) for y in (Winograd(weight)(x), F.conv2d(x, weight, padding=1))
    )
    assert ours < 6e-6
    assert ours < 8 * direct


def test_images_do_not_mix():
    """Same bits in any place, beside any neighbours, also beside broken ones."""
    convolution, x = Winograd(torch.randn(128, 128, 3, 3)), torch.randn(5, 128, 12, 12)
    assert convolution.keeps_images_apart(x)
    straight = convolution(x)
    assert torch.equal(convolution(x.flip(0)).flip(0), straight)
    broken = x.clone()
    broken[1] = torch.nan
    broken[2] = torch.inf
    assert torch.equal(convolution(broken)[[0, 3, 4]], straight[[0, 3, 4]])


def test_a_library_that_mixes_images_is_found_out(monkeypatch):
    """One whose products round by place: the direct convolution takes over."""
    monkeypatch.setattr(winograd, "_alike", {})
    monkeypatch.setattr(winograd, "pays", lambda x, weight: True)
    x, weight = torch.randn(3, 8, 8, 8), torch.randn(8, 8, 3, 3)
    product = torch.bmm
    assert FrozenConv(weight)._forward.winograd.keeps_images_apart(x)
    winograd._alike.clear()

    def by_place(a, b):
        result = product(a, b)
        result[:, -1] *= 1 + 1e-6
        return result

    monkeypatch.setattr(torch, "bmm", by_place)
    convolution = FrozenConv(weight)
    assert not convolution._forward.winograd.keeps_images_apart(x)
    assert torch.equal(convolution(x), F.conv2d(x.contiguous(memory_format=torch.channels_last), weight, padding=1))


@pytest.mark.parametrize(
    ("shape", "outer", "dtype", "vectors", "expected"),
    [
        ((1, 128, 16, 16), 128, torch.float32, "AVX2", True),
        ((1, 128, 16, 16), 128, torch.float32, "AVX512", False),
        ((1, 128, 16, 16), 128, torch.float64, "AVX2", False),
        ((1, 128, 16, 16), 128, torch.bfloat16, "AVX2", False),
        ((1, 64, 16, 16), 64, torch.float32, "AVX2", False),
        ((1, 512, 8, 8), 512, torch.float32, "AVX2", False),
        ((2, 512, 8, 8), 512, torch.float32, "AVX2", True),
    ],
)
def test_when_it_is_used(monkeypatch, shape, outer, dtype, vectors, expected):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: vectors)
    x = torch.zeros(shape, dtype=dtype)
    assert winograd.pays(x, torch.zeros(outer, shape[1], 3, 3)) is expected
