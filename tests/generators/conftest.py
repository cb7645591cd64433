import pytest
import torch

from i2s_lightning.generators import StyleGAN1, StyleGAN2, StyleGAN3, plan_stylegan3

SIZES = {"z_dim": 12, "w_dim": 16, "mapping_layers": 2}


def _stylegan3(kernel, *, radial):
    plan = plan_stylegan3(img_resolution=16, channels=[8, 8, 6, 6, 3], conv_kernel=kernel, radial=radial)
    return StyleGAN3(**SIZES, img_resolution=16, **plan)


FRESH = {
    "stylegan1": lambda: StyleGAN1(**SIZES, channels=(16, 12, 8)),
    "stylegan1 with labels": lambda: StyleGAN1(**SIZES, channels=(16, 8), c_dim=3, bias_before_blur=True),
    "stylegan2": lambda: StyleGAN2(**SIZES, channels=(16, 12, 8)),
    "stylegan2 orig": lambda: StyleGAN2(**SIZES, channels=(16, 8), architecture="orig", img_channels=1),
    "stylegan2 resnet": lambda: StyleGAN2(**SIZES, channels=(16, 12, 8), architecture="resnet", conv_clamp=2.0),
    "stylegan2 with labels": lambda: StyleGAN2(**SIZES, channels=(16, 8), c_dim=3, activation="swish"),
    "stylegan2 oblong": lambda: StyleGAN2(**SIZES, channels=(16, 8), const_size=(4, 6), filter_shape=(5, 5)),
    "stylegan2 without noise": lambda: StyleGAN2(**SIZES, channels=(16, 8), use_noise=False),
    "stylegan3-t": lambda: _stylegan3(3, radial=False),
    "stylegan3-r": lambda: _stylegan3(1, radial=True),
}


@pytest.fixture(params=FRESH)
def generator(request):
    """A small network of each kind whose noise, biases and mean style all matter."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FRESH[request.param]()
        for name, tensor in network.state().tensors.items():
            if name.endswith(("noise_strength", ".bias", "w_avg", "input.affine.weight")):
                tensor.add_(torch.randn_like(tensor) * 0.3)
    return network.eval().requires_grad_(False)
