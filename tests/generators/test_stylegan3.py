import copy

import pytest
import torch

from i2s_lightning.generators import StyleGAN3, plan_stylegan3

PLAN = {"img_resolution": 16, "channels": [8, 8, 6, 6, 3], "conv_kernel": 3, "radial": False}


def test_plan_of_the_official_1024_layout():
    """Sizes as in the layer names of the published stylegan3-t-ffhq-1024x1024: L0_36_512 ... L14_1024_3."""
    plan = plan_stylegan3(img_resolution=1024, channels=[512] * 15 + [3], conv_kernel=3, radial=False)
    sizes = [36, 36, 52, 52, 84, 148, 148, 276, 276, 532, 1044, 1044, 1044, 1024, 1024]
    assert [layer["out_size"][0] for layer in plan["layers"]] == sizes
    assert (plan["layers"][0]["name"], plan["layers"][-1]["name"]) == ("L0_36_512", "L14_1024_3")
    assert (plan["layers"][-1]["torgb"], plan["layers"][-1]["padding"]) == (True, [0, 0, 0, 0])


def test_transform_moves_the_image():
    torch.manual_seed(0)
    plan = plan_stylegan3(**PLAN)
    generator = StyleGAN3(z_dim=8, w_dim=8, img_resolution=16, **plan).eval().requires_grad_(False)
    ws = torch.randn(1, generator.num_ws, 8)
    before = generator.synthesis(ws)
    generator.synthesis.input.transform[0, 2] = 0.25
    assert (generator.synthesis(ws) - before).abs().max() > 0.1 * before.abs().max()
    generator.synthesis.input.transform[0, 2] = 0.0
    assert torch.equal(generator.synthesis(ws), before)


def test_layer_resolutions_are_sampling_rates():
    generator = StyleGAN3(z_dim=8, w_dim=8, img_resolution=16, **plan_stylegan3(**PLAN))
    assert generator.layer_resolutions == (16, 16, 16, 16, 16)
    assert generator.noise_shapes == ()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("layers", 1, "in_channels"), 7, "L1_36_6 takes 7 channels, the layer before gives 8"),
        (("layers", 3, "out_channels"), 4, r"the last layer gives 4 channels at \[16, 16\]"),
        (("layers", 0, "name"), "forward", "a layer needs a name such as .*; got 'forward'"),
        (("layers", 0, "name"), "a.b", "a layer needs a name such as .*; got 'a.b'"),
        (("layers", 0, "padding"), [1, 2], "padding must have 4 to 4 entries; got 2"),
        (("layers", 0, "gain"), 1, "layers must have the keys"),
        (("input", "size"), [36, 2**30], "input.size must hold integers"),
        (("input", "bandwidth"), float("nan"), "input.bandwidth must be a finite number"),
    ],
)
def test_exception_config(path, value, message):
    plan = copy.deepcopy(plan_stylegan3(**PLAN))
    node = plan
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(ValueError, match=message):
        StyleGAN3(z_dim=8, w_dim=8, img_resolution=16, **plan)
