import pytest
import torch

from i2s_lightning.generators import StyleGAN2


def test_shape_of_the_official_1024_layout():
    with torch.device("meta"):
        generator = StyleGAN2()
    assert generator.num_ws == 18
    assert generator.img_shape == (1024, 1024)
    assert generator.layer_resolutions[:5] == (4, 8, 8, 16, 16)
    assert generator.layer_resolutions[-2:] == (1024, 1024)
    assert generator.noise_shapes[:3] == ((4, 4), (8, 8), (8, 8))
    assert len(generator.noise_shapes) == 17
    assert generator.synthesis.get_parameter("b1024.conv0.weight").shape == (32, 64, 3, 3)


def test_shape_of_a_generator_that_is_not_square():
    generator = StyleGAN2(z_dim=8, w_dim=8, channels=(8, 6, 4), const_size=(5, 3), mapping_layers=1)
    assert generator.img_shape == (20, 12)
    assert generator.img_resolution == 20
    assert generator.noise_shapes == ((5, 3), (10, 6), (10, 6), (20, 12), (20, 12))
    assert generator(torch.randn(2, 8)).shape == (2, 3, 20, 12)


@pytest.mark.parametrize("filter_shape", [(3, 3), (5, 5), (8,), (2, 4)])
def test_shape_with_other_filters(filter_shape):
    generator = StyleGAN2(
        z_dim=8, w_dim=8, channels=(8, 6, 4), mapping_layers=1, filter_shape=filter_shape, architecture="resnet"
    )
    assert generator(torch.randn(2, 8)).shape == (2, 3, 16, 16)


def test_without_noise_inputs():
    generator = StyleGAN2(z_dim=8, w_dim=8, channels=(8, 4), mapping_layers=1, use_noise=False, img_channels=1)
    assert generator.noise_shapes == ()
    assert not [name for name in generator.state().tensors if "noise" in name]
    assert generator(torch.randn(2, 8)).shape == (2, 1, 8, 8)


def test_concatenated_label_is_normalised_with_z():
    generator = StyleGAN2(
        z_dim=8, c_dim=2, w_dim=6, channels=(4,), mapping_layers=1, embed_features=8, label_mode="concat"
    ).double()
    z, c = torch.randn(3, 8, dtype=torch.float64), torch.rand(3, 2, dtype=torch.float64)
    joined = torch.cat([z, c @ generator.mapping.embed.weight.t()], dim=1)
    joined = joined / (joined.square().mean(1, keepdim=True) + 1e-8).sqrt()
    layer = generator.mapping.fc0
    pre = joined @ layer.weight.t() * 0.01 / 4 + layer.bias * 0.01
    expected = torch.nn.functional.leaky_relu(pre, 0.2) * 2**0.5
    assert torch.allclose(generator.mapping(z, c)[:, 0], expected, rtol=1e-10, atol=1e-12)
