import numpy as np
import pytest
import torch

from i2s_lightning.ops.directions import boundary, fixed_sign, principal, project, sefa, span


def test_sefa_is_the_singular_value_decomposition():
    weights = torch.randn(20, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    directions, gains = sefa(weights)
    _, values, rows = np.linalg.svd(weights.numpy())
    assert np.allclose(gains, values)
    assert np.allclose(np.abs((directions.numpy() * rows).sum(1)), 1)
    assert torch.allclose((weights @ directions.T).norm(dim=0), gains)


def test_principal_axes_are_those_of_the_covariance():
    rng = torch.Generator().manual_seed(0)
    samples = torch.randn(4_000, 3, dtype=torch.float64, generator=rng) * torch.tensor([1.0, 5.0, 0.2])
    axes, deviations = principal(samples)
    assert torch.allclose(deviations, torch.tensor([5.0, 1.0, 0.2], dtype=torch.float64), rtol=0.05)
    assert torch.allclose(axes.abs(), torch.eye(3, dtype=torch.float64)[[1, 0, 2]], atol=0.02)


def test_a_boundary_points_to_the_attribute():
    rng = torch.Generator().manual_seed(0)
    truth = torch.tensor([0.6, -0.8, 0.0, 0.0])
    latents = 7 * torch.randn(2_000, 4, generator=rng) + 100
    labels = (latents - 100) @ truth > 0
    normal, accuracy = boundary(latents, labels, penalty=1e-3)
    assert float(normal @ truth) > 0.999
    assert accuracy > 0.99
    assert float(normal.norm()) == pytest.approx(1, abs=1e-6)


def test_a_strong_penalty_gives_the_difference_of_means():
    rng = torch.Generator().manual_seed(1)
    latents = torch.randn(40, 5, generator=rng)
    labels = torch.arange(40) % 2 == 0
    means = latents[labels].mean(0) - latents[~labels].mean(0)
    normal, _ = boundary(latents, labels, penalty=1e6)
    assert torch.allclose(normal, means / means.norm(), atol=1e-3)


def test_two_pictures_are_enough():
    normal, accuracy = boundary(torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([False, True]))
    assert torch.allclose(normal, torch.tensor([0.6, 0.8]))
    assert accuracy == 1.0


@pytest.mark.parametrize("label", [True, False])
def test_a_boundary_needs_both_kinds(label):
    with pytest.raises(ValueError, match="all labels are the same"):
        boundary(torch.randn(3, 2), torch.tensor([label] * 3))


def test_signs_are_fixed():
    rows = torch.tensor([[0.1, -0.9], [0.8, 0.3]])
    assert torch.equal(fixed_sign(rows), fixed_sign(-rows))
    assert torch.equal(fixed_sign(rows), torch.tensor([[-0.1, 0.9], [0.8, 0.3]]))


def test_a_span_has_as_many_directions_as_are_independent():
    rows = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    basis = span(torch.cat([rows, 2 * rows[:1] - rows[1:2], torch.zeros(1, 4, 5)]))
    assert basis.shape == rows.shape
    assert torch.allclose(basis.flatten(1) @ basis.flatten(1).T, torch.eye(3), atol=1e-6)
    assert torch.allclose(project(rows, basis), rows, atol=1e-5)


def test_a_projection_is_the_least_squares_answer():
    rng = torch.Generator().manual_seed(0)
    rows, difference = torch.randn(3, 4, 5, generator=rng), torch.randn(2, 4, 5, generator=rng)
    a, b = rows.flatten(1).T.double().numpy(), difference.flatten(1).T.double().numpy()
    expected = torch.from_numpy((a @ np.linalg.lstsq(a, b, rcond=None)[0]).T).reshape(difference.shape)
    assert torch.allclose(project(difference, span(rows)), expected.float(), atol=1e-5)


def test_a_span_of_nothing_leaves_nothing():
    assert not project(torch.ones(1, 2, 2), span(torch.zeros(2, 2, 2))).any()
