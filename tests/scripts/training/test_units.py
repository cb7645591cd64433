import pytest
import torch
from training.units import set_units

from i2s_lightning.generators.stylegan2 import StyleGAN2


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return StyleGAN2(z_dim=16, w_dim=16, channels=(8, 8, 4), mapping_layers=3).eval()


def test_styles_get_the_wanted_deviation_and_pictures_stay(generator):
    z = torch.randn(2000, 16)
    before, pictures = generator.mapping(z), generator(z)
    generator.mapping.w_avg.copy_(before.mean(dim=(0, 1)))
    set_units(generator, 0.44)
    w = generator.mapping(z)
    assert w[:, 0].std(dim=0).square().mean().sqrt().item() == pytest.approx(0.44, rel=0.05)
    torch.testing.assert_close(generator.w_avg, w.mean(dim=(0, 1)), atol=1e-5, rtol=1e-4)
    ratio = w / before
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(generator(z), pictures, atol=1e-4, rtol=1e-4)
