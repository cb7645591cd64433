import pytest
import torch
from measures.frechet import frechet_distance, nearest


def test_frechet_distance_of_gaussians():
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(20_000, 4, generator=rng)
    b = torch.randn(20_000, 4, generator=rng) * 2 + torch.tensor([1.0, 0, 0, 0])
    assert frechet_distance(a, b) == pytest.approx(1 + 4 * (2 - 1) ** 2, rel=0.05)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-8)


def test_nearest_finds_the_same_picture():
    pictures = torch.randint(0, 255, (6, 32, 32, 3), dtype=torch.uint8)
    assert nearest(pictures[[4, 1]], pictures) == [4, 1]
