import pytest
import torch
from training.linear_start import start_linear
from training.units import set_units

from i2s_lightning.generators.stylegan2 import StyleGAN2


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return StyleGAN2(z_dim=16, w_dim=16, channels=(8, 8, 4), mapping_layers=3).eval()


def test_pictures_stay_and_styles_get_the_wanted_deviation(generator):
    start_linear(generator, torch.randint(0, 255, (400, 16, 16, 3), dtype=torch.uint8), torch.randn(400, 16))
    z = torch.randn(1000, 16) * 0.5  # normalised by the mapping
    before, middle = generator(z), generator.synthesis(generator.w_avg.expand(1, 6, -1))
    set_units(generator, 0.44)
    w = generator.mapping(z)[:, 0]
    assert w.std(dim=0).square().mean().sqrt().item() == pytest.approx(0.44, rel=0.05)
    assert (generator(z) - before).abs().mean() < 0.01 * before.std()
    torch.testing.assert_close(generator.synthesis(generator.w_avg.expand(1, 6, -1)), middle, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(w.mean(dim=0), generator.w_avg, atol=0.1, rtol=0)


def test_a_bent_mapping_is_only_scaled(generator):
    z = torch.randn(100, 16)
    before, pictures = generator.mapping(z), generator(z)
    set_units(generator, 0.44)
    ratio = generator.mapping(z) / before
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(generator(z), pictures, atol=1e-4, rtol=1e-4)
