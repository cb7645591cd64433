"""What every loss promises, whatever it measures."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from i2s_lightning.losses import PerceptualLoss, PixelLoss, StyleLoss

KINDS = ["pixel", "perceptual", "perceptual, bilinear", "style"]


@pytest.fixture
def build(tiny_vgg):
    makers = {
        "pixel": lambda: PixelLoss(),
        "perceptual": lambda: PerceptualLoss(size=16, vgg=tiny_vgg),
        "perceptual, bilinear": lambda: PerceptualLoss(size=13, downsample="bilinear", vgg=tiny_vgg),
        "style": lambda: StyleLoss(size=16, vgg=tiny_vgg),
    }
    return lambda kind: makers[kind]()


def _pair(batch, shape=(3, 24, 32), dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    image, target = (torch.rand(2, batch, *shape, generator=generator) * 2 - 1).to(dtype)
    return image, target


def _value_and_gradient(loss, image, target):
    image = image.clone().requires_grad_()
    value = loss(image, loss.prepare(target))
    (gradient,) = torch.autograd.grad(value.sum(), image)
    return value.detach(), gradient


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(3, 16, 16), (3, 24, 40), (1, 40, 24)])
def test_shape(build, kind, shape):
    loss = build(kind)
    image, target = _pair(3, shape)
    reference = loss.prepare(target)
    value = loss(image, reference)
    assert value.shape == (3,)
    assert (value > 0).all()
    assert all(len(tensor) == 3 and not tensor.requires_grad for tensor in reference.values())


@pytest.mark.parametrize("kind", KINDS)
def test_zero_at_the_target(build, kind):
    loss = build(kind)
    value, gradient = _value_and_gradient(loss, *[_pair(2)[0]] * 2)
    assert not value.any()
    assert not gradient.any()


@pytest.mark.parametrize("kind", KINDS)
@given(batch=st.integers(2, 5), seed=st.integers(0, 99))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batch_of_n_is_n_singles(build, kind, batch, seed):
    loss = build(kind).double()
    image, target = _pair(batch, dtype=torch.float64, seed=seed)
    value, gradient = _value_and_gradient(loss, image, target)
    for row in range(batch):
        alone = _value_and_gradient(loss, image[row : row + 1], target[row : row + 1])
        torch.testing.assert_close(alone[0], value[row : row + 1], rtol=1e-12, atol=0)
        torch.testing.assert_close(alone[1], gradient[row : row + 1], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(3, 16, 16), (3, 24, 40), (1, 40, 24)])
def test_permuted_rows_are_bit_equal(build, kind, shape):
    loss = build(kind)
    image, target = _pair(5, shape)
    order = torch.tensor([3, 0, 4, 2, 1])
    value, gradient = _value_and_gradient(loss, image, target)
    permuted_value, permuted_gradient = _value_and_gradient(loss, image[order], target[order])
    assert torch.equal(permuted_value, value[order])
    assert torch.equal(permuted_gradient, gradient[order])


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_row_leaves_the_others_alone(build, kind):
    loss = build(kind)
    image, target = _pair(3)
    value, gradient = _value_and_gradient(loss, image, target)
    spoilt = image.clone()
    spoilt[1] = torch.nan
    spoilt_value, spoilt_gradient = _value_and_gradient(loss, spoilt, target)
    assert spoilt_value[1].isnan()
    assert torch.equal(spoilt_value[[0, 2]], value[[0, 2]])
    assert torch.equal(spoilt_gradient[[0, 2]], gradient[[0, 2]])


@pytest.mark.parametrize("kind", KINDS)
def test_gradcheck(build, kind):
    loss = build(kind).double()
    image, target = _pair(2, (3, 12, 16), torch.float64)
    reference = loss.prepare(target)
    assert torch.autograd.gradcheck(lambda image: loss(image, reference), image.requires_grad_(), fast_mode=True)


@pytest.mark.parametrize("kind", KINDS)
def test_reduces_in_float32_under_autocast(build, kind):
    loss = build(kind)
    image, target = _pair(2)
    exact = loss(image, loss.prepare(target))
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(image, loss.prepare(target))
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, exact, rtol=0.1, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_optimise_or_save(build, kind):
    loss = build(kind)
    assert list(loss.parameters()) == []
    assert loss.state_dict() == {}
