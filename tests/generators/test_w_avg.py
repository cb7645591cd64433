import torch

from i2s_lightning.generators.mapping import MappingNetwork
from i2s_lightning.generators.w_avg import average_w


def _mapping(c_dim: int = 0) -> MappingNetwork:
    torch.manual_seed(0)
    return MappingNetwork(z_dim=8, c_dim=c_dim, w_dim=6, num_ws=2, num_layers=2)


def test_value_agrees_with_independent_samples():
    mapping = _mapping()
    w = mapping(torch.randn(20_000, 8, generator=torch.Generator().manual_seed(7)))[:, 0]
    error = (average_w(mapping) - w.mean(dim=0)) / w.std(dim=0)
    assert error.abs().max() < 5 * (1 / 10_000 + 1 / 20_000) ** 0.5


def test_value_is_the_same_whatever_the_global_seed_and_is_on_the_grid():
    mapping = _mapping()
    first = average_w(mapping)
    torch.manual_seed(123)
    assert torch.equal(first, average_w(mapping))
    assert torch.equal(first * 2**16, (first * 2**16).round())


def test_conditional_mapping_averages_over_its_labels():
    mapping = _mapping(c_dim=3)
    z = torch.randn(9000, 8, generator=torch.Generator().manual_seed(7))
    w = torch.cat([mapping(z, torch.eye(3)[[i]].expand(9000, 3))[:, 0] for i in range(3)])
    assert (average_w(mapping) - w.mean(dim=0)).abs().max() < 0.06 * w.std()
