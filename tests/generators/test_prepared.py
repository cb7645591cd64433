"""A frozen network takes the fast path; it must be the network that trains, to rounding."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators import StyleGAN1, StyleGAN2
from i2s_lightning.generators.stylegan2_layers import StyleGAN2Layer


def build(seed=0, family=StyleGAN2, **options):
    torch.manual_seed(seed)
    defaults = {"z_dim": 6, "w_dim": 6, "channels": (8, 6, 4), "mapping_layers": 1}
    generator = family(**(defaults | options)).double()
    with torch.no_grad():
        for name, tensor in generator.named_parameters():
            if name.endswith(("noise_strength", "bias")):
                tensor.add_(torch.randn_like(tensor) * 0.3)
    return generator, freeze(copy.deepcopy(generator))


def image_and_gradient(generator, ws, seed, **options):
    ws = ws.detach().requires_grad_()
    image = generator.synthesis(ws, **options)
    return image.detach(), torch.autograd.grad((image * seed).sum(), ws)[0]


def relative(got, want):
    return float((got.double() - want).norm() / want.norm())


@given(
    seed=st.integers(0, 2**31),
    options=st.fixed_dictionaries(
        {
            "architecture": st.sampled_from(["skip", "orig", "resnet"]),
            "activation": st.sampled_from(["lrelu", "relu", "linear", "swish"]),
            "conv_clamp": st.sampled_from([None, 2.0]),
            "use_noise": st.booleans(),
            "filter_shape": st.sampled_from([(4, 4), (4,), (3, 3), (2, 4)]),
            "const_size": st.sampled_from([(4, 4), (2, 3)]),
            "img_channels": st.sampled_from([3, 1]),
        }
    ),
    noise_mode=st.sampled_from(["const", "none"]),
    batch=st.integers(1, 3),
)
@settings(max_examples=25, deadline=None)
def test_frozen_equals_trainable_in_float64(seed, options, noise_mode, batch):
    plain, frozen = build(seed, **options)
    ws = torch.randn(batch, plain.num_ws, 6, dtype=torch.float64)
    toward = torch.randn(batch, plain.img_channels, *plain.img_shape, dtype=torch.float64)
    pairs = zip(*(image_and_gradient(g, ws, toward, noise_mode=noise_mode) for g in (plain, frozen)), strict=True)
    assert all(relative(fast, slow) < 1e-11 for slow, fast in pairs)


@pytest.mark.parametrize("channels", [(8, 6, 4), (3, 3, 2, 2, 2, 2)])  # from 128 pixels on the kernel is turned
@pytest.mark.parametrize("bias_before_blur", [False, True])
@pytest.mark.parametrize("noise_mode", ["const", "none"])
def test_frozen_stylegan1_equals_trainable_in_float64(channels, bias_before_blur, noise_mode):
    plain, frozen = build(family=StyleGAN1, channels=channels, bias_before_blur=bias_before_blur)
    ws = torch.randn(2, plain.num_ws, 6, dtype=torch.float64)
    toward = torch.randn(2, 3, *plain.img_shape, dtype=torch.float64)
    pairs = zip(*(image_and_gradient(g, ws, toward, noise_mode=noise_mode) for g in (plain, frozen)), strict=True)
    assert all(relative(fast, slow) < 1e-10 for slow, fast in pairs)


def test_float32_gradients_are_as_right_as_the_plain_ones():
    """Both against float64."""
    plain, frozen = build(channels=(32, 32, 16, 8), w_dim=32)
    ws, toward = torch.randn(2, plain.num_ws, 32).double(), torch.randn(2, 3, 32, 32).double()
    exact = image_and_gradient(plain, ws, toward)
    for network, limit in ((plain.float(), 3e-6), (frozen.float(), 3e-6)):
        found = image_and_gradient(network, ws.float(), toward.float())
        assert all(relative(a, b) < limit for a, b in zip(found, exact, strict=True))


def test_half_precision_is_half_precise():
    plain, frozen = build(channels=(16, 16, 8), w_dim=16)
    ws, toward = torch.randn(2, plain.num_ws, 16).double(), torch.randn(2, 3, 16, 16).double()
    exact = image_and_gradient(plain, ws, toward)
    with torch.autocast("cpu", torch.bfloat16):
        found = image_and_gradient(frozen.float(), ws.float(), toward.float())
    assert found[0].dtype == found[1].dtype == torch.float32
    assert relative(found[0], exact[0]) < 0.02
    assert relative(found[1], exact[1]) < 0.05


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ({}, True),
        ({"activation": "tanh"}, False),
        ({"train": True}, False),
        ({"train_bias": True}, False),
        ({"noise_gradient": True}, False),
    ],
)
def test_which_path_is_taken(change, fast, monkeypatch):
    taken = []
    for name in ("_plain", "_prepared"):
        method = getattr(StyleGAN2Layer, name)
        monkeypatch.setattr(
            StyleGAN2Layer,
            name,
            lambda self, *args, name=name, method=method: taken.append(name) or method(self, *args),
        )
    plain, _ = build(activation=change.get("activation", "lrelu"))
    generator = plain.requires_grad_("train" in change)
    if "train_bias" in change:
        for layer in generator.modules():
            if isinstance(layer, StyleGAN2Layer):
                layer.bias.requires_grad_()
    noise = [torch.zeros(*s, dtype=torch.float64, requires_grad="noise_gradient" in change) for s in plain.noise_shapes]
    generator.synthesis(torch.randn(1, plain.num_ws, 6, dtype=torch.float64), noise=noise)
    assert set(taken) == {"_prepared" if fast else "_plain"}


def test_weights_that_change_are_seen():
    """An averaged generator is constant between steps only."""
    _, frozen = build()
    ws = torch.randn(1, frozen.num_ws, 6, dtype=torch.float64)
    before = frozen.synthesis(ws)
    frozen.synthesis.b8.conv0.weight.mul_(torch.rand(6, 8, 1, 1, dtype=torch.float64))
    fresh = copy.deepcopy(frozen)
    assert not torch.equal(frozen.synthesis(ws), before)
    assert torch.equal(frozen.synthesis(ws), fresh.synthesis(ws))
