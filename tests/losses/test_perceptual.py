"""The perceptual term, against equation 2 written out."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from i2s_lightning.errors import ConfigError
from i2s_lightning.features import load_vgg
from i2s_lightning.losses import PerceptualLoss

PAPER = ["conv1_1", "conv1_2", "conv3_2", "conv4_2"]


@pytest.fixture
def pair():
    return torch.rand(2, 2, 3, 32, 48, generator=torch.Generator().manual_seed(0)).double() * 2 - 1


def _equation_2(features, reference, factors):
    terms = []
    for name, factor in factors.items():
        a, b = (value[name].flatten(1).numpy() for value in (features, reference))
        terms.append(factor / a.shape[1] * np.linalg.norm(a - b, axis=1) ** 2)
    return sum(terms)


@pytest.mark.parametrize(
    ("layers", "factors"),
    [
        (None, dict.fromkeys(PAPER, 1.0)),
        (["conv4_2"], {"conv4_2": 1.0}),
        ({"conv2_2": 0.5, "conv1_1": 3.0}, {"conv2_2": 0.5, "conv1_1": 3.0}),
    ],
)
def test_value(tiny_vgg, pair, layers, factors):
    image, target = pair
    loss = PerceptualLoss(vgg=tiny_vgg, **({} if layers is None else {"layers": layers})).double()
    vgg = load_vgg(tiny_vgg).double()
    expected = _equation_2(vgg(image, [*PAPER, "conv2_2"]), vgg(target, [*PAPER, "conv2_2"]), factors)
    np.testing.assert_allclose(loss(image, loss.prepare(target)), expected, rtol=1e-12)


@pytest.mark.parametrize(("downsample", "mode"), [("area", "area"), ("bilinear", "bilinear")])
def test_size_bounds_the_longer_side(tiny_vgg, pair, downsample, mode):
    image, target = pair
    small = [F.interpolate(value, (16, 24), mode=mode) for value in pair]
    full = PerceptualLoss(vgg=tiny_vgg).double()
    shrinking = PerceptualLoss(size=24, downsample=downsample, vgg=tiny_vgg).double()
    value = shrinking(image, shrinking.prepare(target))
    torch.testing.assert_close(value, full(small[0], full.prepare(small[1])), rtol=1e-12, atol=0)
    assert not torch.allclose(value, full(image, full.prepare(target)), rtol=1e-3)


def test_target_is_computed_once_and_without_gradient(tiny_vgg, pair):
    image, target = pair.float()
    loss = PerceptualLoss(vgg=tiny_vgg)
    reference = loss.prepare(target)
    calls = []
    loss.features.vgg.register_forward_pre_hook(lambda module, inputs: calls.append(len(inputs[0])))
    image.requires_grad_()
    loss(image, reference).sum().backward()
    assert calls == [2]
    assert (image.grad.flatten(1).abs().sum(dim=1) > 0).all()
    assert not any(buffer.requires_grad for buffer in loss.buffers())


def test_blur_costs_more_than_brightness():
    """What a perceptual loss is for, with the bundled weights: at equal squared error it minds lost detail more."""
    from skimage.data import astronaut

    picture = torch.from_numpy(astronaut()[:128, 160:288].copy()).permute(2, 0, 1)[None] / 127.5 - 1
    blurred = F.interpolate(F.avg_pool2d(picture, 4), scale_factor=4, mode="bilinear")
    brighter = picture + nn.functional.mse_loss(blurred, picture).sqrt()
    loss = PerceptualLoss(vgg="hed")
    reference = loss.prepare(picture)
    assert loss(blurred, reference).item() > 5 * loss(brighter, reference).item()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": ["conv5_1", "conv1_1"]}, r"layers must name some of conv1_1, .*, conv4_2; got conv5_1\."),
        ({"layers": {}}, r"got none"),
        ({"size": 7}, r"at least 8 pixels, since VGG halves it three times; got 7"),
    ],
)
def test_exception(tiny_vgg, arguments, message):
    with pytest.raises(ConfigError, match=message):
        PerceptualLoss(vgg=tiny_vgg, **arguments)


def test_defaults_are_not_shared(tiny_vgg):
    first = PerceptualLoss(vgg=tiny_vgg)
    first.layers["conv1_1"] = 9.0
    assert PerceptualLoss(vgg=tiny_vgg).layers == dict.fromkeys(PAPER, 1.0)
