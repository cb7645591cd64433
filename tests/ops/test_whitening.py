import torch

from i2s_lightning.ops.whitening import fit_whitening, straighten


def skewed(count, seed=0):
    """Correlated normal numbers behind a leaky ReLU, as a mapping network gives them."""
    rng = torch.Generator().manual_seed(seed)
    mixing = torch.randn(6, 6, generator=torch.Generator().manual_seed(9))
    return torch.nn.functional.leaky_relu(torch.randn(count, 6, generator=rng) @ mixing + 0.3, 0.2)


def test_straightening_undoes_the_leaky_relu():
    x = torch.randn(50, 4)
    assert torch.allclose(straighten(torch.nn.functional.leaky_relu(x, 0.2)), x)


def test_samples_are_typical():
    whitening = fit_whitening(skewed(20_000), floor=0.0)
    fresh = whitening.typicality(skewed(5_000, seed=1))
    assert abs(float(fresh.square().mean()) - 1) < 0.03


def test_typicality_is_the_mahalanobis_distance():
    samples = skewed(3_000)
    whitening = fit_whitening(samples, floor=0.0)
    straight = straighten(samples.double())
    inverse = torch.linalg.inv(torch.cov(straight.T))
    offset = straight[:9] - straight.mean(0)
    expected = (torch.einsum("nd,de,ne->n", offset, inverse, offset) / 6).sqrt()
    assert torch.allclose(whitening.typicality(samples[:9]), expected)
    assert whitening.typicality(samples[:6].reshape(2, 3, 6)).shape == (2, 3)


def test_directions_without_variance_do_not_decide():
    flat = torch.cat([skewed(2_000), torch.zeros(2_000, 1)], dim=1)
    odd = torch.cat([flat[:1, :6], torch.full((1, 1), 0.1)], dim=1)
    assert float(fit_whitening(flat).typicality(odd)) < 3
