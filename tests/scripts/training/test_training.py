import math

import numpy as np
import pytest
import torch
from faces.assets import load_assets
from faces.draws import Draws
from faces.people import draw_person
from measures.frechet import frechet_distance, nearest
from training.codes import WIDTHS, encode, expression_places, places, principal_dials
from training.discriminator import Convolution, Discriminator
from training.linear_start import start_linear
from training.objectives import (
    adversarial_losses,
    exchanged_styles,
    feature_difference,
    gradient_penalty,
    mixed_styles,
    path_length,
)
from training.warm_start import load_starts

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.native import save_native
from i2s_lightning.generators.stylegan2 import StyleGAN2


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return StyleGAN2(z_dim=16, w_dim=16, channels=(8, 8, 4), mapping_layers=3).eval()


def codes_of(count, dials):
    assets, codes = load_assets(), []
    for i in range(count):
        draws = Draws(np.random.default_rng([1, i]))
        draw_person(draws, assets.dial_names, assets.action_names)
        codes.append(encode(draws.scores, np.eye(len(assets.dial_names), dials), np.random.default_rng(i)))
    return np.array(codes)


def test_codes_of_portraits_are_standard_normal():
    codes = codes_of(600, 34)
    assert codes.shape == (600, 128)
    assert np.abs(codes.mean(axis=0)).max() < 5 / math.sqrt(600)
    covariance = np.cov(codes.T)
    assert np.abs(covariance - np.eye(128)).max() < 0.35  # 6 standard errors of a variance


def test_expression_places_are_those_of_the_expression():
    where, chosen = places(), expression_places()
    assert len(chosen) == len(set(chosen)) == 19
    assert set(range(where["preset"].start, where["preset"].stop)) <= set(chosen)
    assert where["gaze"].start not in chosen
    assert max(slot.stop for slot in where.values()) == sum(WIDTHS.values())


def test_principal_dials_are_orthonormal_and_ordered():
    displacements = np.zeros((3, 4, 3))
    displacements[1, :, 0], displacements[2, :, 1] = 1.0, 3.0
    axes = principal_dials(displacements, 2)
    assert axes.T @ axes == pytest.approx(np.eye(2))
    assert np.abs(axes[:, 0]) == pytest.approx([0, 0, 1])


def test_down_convolution_of_a_constant():
    layer = Convolution(2, 3, 3, active=False, down=True).requires_grad_(False)
    layer.weight.fill_(1.0)
    out = layer(torch.ones(1, 2, 16, 16))
    assert out.shape == (1, 3, 8, 8)
    assert out[0, 0, 4, 4].item() == pytest.approx(18 / math.sqrt(18))  # all taps, equalised by the fan-in


def test_discriminator_scores_groups_and_not_more():
    torch.manual_seed(0)
    discriminator = Discriminator((8, 8, 4))
    image = torch.rand(8, 3, 16, 16)
    logits, _ = discriminator(image)
    changed = image.clone()
    changed[0] = 0
    other, _ = discriminator(changed)
    same = (other - logits).abs() < 1e-6
    assert same.tolist() == [i % 2 == 1 for i in range(8)]  # groups of four are 0 2 4 6 and 1 3 5 7


def test_adversarial_losses_at_indifference():
    g, d = adversarial_losses(torch.zeros(3), torch.zeros(5))
    assert (g.item(), d.item()) == pytest.approx((math.log(2), 2 * math.log(2)))


def test_gradient_penalty_of_a_linear_critic():
    image = torch.rand(2, 3, 4, 4, requires_grad=True)
    assert gradient_penalty((image * 0.5).sum(dim=(1, 2, 3)), image).item() == pytest.approx(0.25 * 48)


def test_feature_difference_ignores_unpaired_rows():
    features = [torch.tensor([[1.0], [9.0]])]
    assert feature_difference(features, [torch.tensor([[3.0]])]).item() == 2.0


def test_mixed_styles_take_the_neighbours_later_layers(generator):
    z = torch.randn(6, 16)
    own, mixed = generator.mapping(z), mixed_styles(generator.mapping, z, 1.0)
    other = own.roll(1, dims=0)
    assert torch.equal(mixed[:, 0], own[:, 0])
    assert torch.equal(mixed[:, -1], other[:, -1])
    assert torch.equal(mixed_styles(generator.mapping, z, 0.0), own)


def test_exchanged_styles_of_an_additive_mapping_are_the_own_ones():
    torch.manual_seed(0)
    weight = torch.randn(4, 6)

    def mapping(z):
        return (z @ weight)[:, None].expand(-1, 3, -1)

    z = torch.randn(5, 4)
    torch.testing.assert_close(exchanged_styles(mapping, z, [1, 2], 1.0), mapping(z))


def test_exchanged_styles_differ_for_a_bent_mapping(generator):
    z = torch.randn(5, 16)
    assert torch.equal(exchanged_styles(generator.mapping, z, [1, 2], 0.0), generator.mapping(z))
    assert not torch.allclose(exchanged_styles(generator.mapping, z, [1, 2], 1.0), generator.mapping(z), atol=1e-3)


def test_path_length_has_a_gradient(generator):
    ws = generator.mapping(torch.randn(2, 16))
    path_length(generator.synthesis, ws).sum().backward()
    assert generator.synthesis.b16.conv1.weight.grad.abs().sum() > 0


def test_linear_start_keeps_mean_and_covariance_and_pictures(generator):
    torch.manual_seed(0)
    z = torch.randn(4000, 16)
    before, pictures = generator.mapping(z)[:, 0], generator(z[:500]).mean(dim=0)
    start_linear(generator, torch.randint(0, 255, (400, 16, 16, 3), dtype=torch.uint8), torch.randn(400, 16))
    after = generator.mapping(z)[:, 0]
    assert torch.cov(after.T).detach() == pytest.approx(torch.cov(before.T).detach().numpy(), abs=0.15)
    ones = torch.ones(1, 16)
    middle = generator.mapping(torch.cat([ones, -ones]))[:, 0].mean(dim=0)
    torch.testing.assert_close(middle, generator.w_avg, atol=1e-3, rtol=0)  # odd about the mean: linear
    assert (generator(z[:500]).mean(dim=0) - pictures).abs().mean() < 0.3 * pictures.std()


def test_starting_from_a_larger_network_takes_the_shared_layers(generator, tmp_path):
    save_native(generator, tmp_path / "g.safetensors")
    small = StyleGAN2(z_dim=16, w_dim=16, channels=(8, 8), mapping_layers=3)
    load_starts([str(tmp_path / "g.safetensors")], {"generator": small})
    assert torch.equal(small.synthesis.b8.conv0.weight, generator.synthesis.b8.conv0.weight)


def test_starting_from_another_width_is_refused(generator, tmp_path):
    save_native(generator, tmp_path / "g.safetensors")
    wide = StyleGAN2(z_dim=16, w_dim=16, channels=(16, 8), mapping_layers=3)
    with pytest.raises(UnsupportedWeightsError, match=r"does not fit .*b4\.const"):
        load_starts([str(tmp_path / "g.safetensors")], {"generator": wide})


def test_frechet_distance_of_gaussians():
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(20_000, 4, generator=rng)
    b = torch.randn(20_000, 4, generator=rng) * 2 + torch.tensor([1.0, 0, 0, 0])
    assert frechet_distance(a, b) == pytest.approx(1 + 4 * (2 - 1) ** 2, rel=0.05)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-8)


def test_nearest_finds_the_same_picture():
    pictures = torch.randint(0, 255, (6, 32, 32, 3), dtype=torch.uint8)
    assert nearest(pictures[[4, 1]], pictures) == [4, 1]
