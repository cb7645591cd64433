"""Distances per image, against numpy in float64."""

import numpy as np
import pytest
import torch

from i2s_lightning.ops.distances import gram_matrix, mean_square_difference, unit_distance


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 5, 4, 6, generator=generator).double().unbind()


def test_mean_square_difference(pair):
    a, b = pair
    expected = [np.linalg.norm((x - y).ravel()) ** 2 / x.size for x, y in zip(a.numpy(), b.numpy(), strict=True)]
    np.testing.assert_allclose(mean_square_difference(a, b), expected, rtol=1e-12)


def test_gram_matrix(pair):
    a, _ = pair
    expected = np.einsum("bihw,bjhw->bij", a.numpy(), a.numpy()) / 24
    np.testing.assert_allclose(gram_matrix(a), expected, rtol=1e-12)


def test_unit_distance(pair):
    a, b = (value.numpy() for value in pair)
    unit = [value / np.sqrt((value**2).sum(axis=1, keepdims=True)) for value in (a, b)]
    expected = ((unit[0] - unit[1]) ** 2).sum(axis=1).mean(axis=(1, 2))
    np.testing.assert_allclose(unit_distance(*pair), expected, rtol=1e-12)


def test_unit_distance_where_nothing_is_active():
    nothing, something = torch.zeros(1, 4, 2, 2), torch.ones(1, 4, 2, 2)
    assert unit_distance(nothing, nothing).item() == 0
    assert unit_distance(nothing, something).item() == pytest.approx(1)


@pytest.mark.parametrize("function", [mean_square_difference, unit_distance])
def test_half_precision_is_raised(pair, function):
    a, b = (value.bfloat16() for value in pair)
    assert function(a, b).dtype == torch.float32
    assert torch.equal(function(a, b), function(a.float(), b.float()))


def test_gram_matrix_ignores_autocast(pair):
    a = pair[0].float()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(gram_matrix(a), gram_matrix(a.clone()))
        inside = gram_matrix(a.bfloat16())
    assert inside.dtype == torch.float32
    assert torch.equal(inside, gram_matrix(a.bfloat16()))


@pytest.mark.parametrize("function", [mean_square_difference, unit_distance])
def test_gradcheck(pair, function):
    a, b = pair
    assert torch.autograd.gradcheck(function, (a.requires_grad_(), b))


def test_gradcheck_gram(pair):
    assert torch.autograd.gradcheck(gram_matrix, (pair[0].requires_grad_(),))


def test_keeps_nothing_but_what_it_is_given():
    a, b = torch.rand(2, 3, 8, 8, requires_grad=True), torch.rand(2, 3, 8, 8)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.data_ptr()) or t, lambda t: t):
        mean_square_difference(a, b)
    assert set(kept) == {a.data_ptr(), b.data_ptr()}
