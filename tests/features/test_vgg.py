"""The network itself: values, shapes, gradients, refusals."""

import pytest
import torch
from torch import nn

from i2s_lightning.features import VGG16, load_vgg
from i2s_lightning.features.vgg import TAPS

PAPER = ["conv1_1", "conv1_2", "conv3_2", "conv4_2"]


@pytest.fixture(scope="module")
def bundled():
    return load_vgg("hed")


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return VGG16(channels=[4, 4, 6, 6, 8, 8, 8, 10, 10])


def _picture():
    """A smooth 32 x 24 RGB picture in [-1, 1], from a formula."""
    row, column = torch.meshgrid(torch.arange(32.0), torch.arange(24.0), indexing="ij")
    row, column = row.double(), column.double()
    red = torch.sin(0.7 * row + 0.3 * column)
    green = torch.cos(0.5 * row * column / 8)
    blue = torch.sin(0.2 * row - 1.1 * column)
    return torch.stack([red, green, blue])[None]


# Mean, root mean square, and mean over channels of the top left corner, for _picture() in 0..255. Made in float64 and
# without this package from the wheel's .h5, kernels rounded to float16: BGR in 0..255 minus (104.00699, 116.66877,
# 122.67892), zero padding after it. The corner tells a mean that was folded into the bias from one that was not.
GOLDEN = {
    "conv1_1": (44.937521272, 80.917616510, 35.081183788),
    "conv1_2": (47.954544163, 134.547057769, 33.297423463),
    "conv2_2": (14.982531739, 73.854476810, 16.969151061),
    "conv3_2": (26.362465796, 57.267274163, 28.430984128),
    "conv4_2": (12.564217916, 23.313965812, 11.153219919),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.float64, 2e-7)])
def test_value(dtype, tolerance):
    features = load_vgg("hed").to(dtype)(_picture().to(dtype), list(GOLDEN))
    for name, expected in GOLDEN.items():
        activation = features[name] * 255 * 0.226
        got = (activation.mean(), activation.square().mean().sqrt(), activation[0, :, 0, 0].mean())
        assert [float(value) for value in got] == pytest.approx(expected, rel=tolerance), name


def test_bundled_weights_are_the_published_ones(bundled):
    assert bundled.sha256 == "92f07eee84af9a237805c772374a085d3f63a933508f7388b6d6e166ec548b52"


def test_shape(tiny):
    features = tiny(torch.zeros(2, 3, 40, 16), list(TAPS))
    assert {name: tuple(value.shape) for name, value in features.items()} == {
        "conv1_1": (2, 4, 40, 16),
        "conv1_2": (2, 4, 40, 16),
        "conv2_1": (2, 6, 20, 8),
        "conv2_2": (2, 6, 20, 8),
        "conv3_1": (2, 8, 10, 4),
        "conv3_2": (2, 8, 10, 4),
        "conv3_3": (2, 8, 10, 4),
        "conv4_1": (2, 10, 5, 2),
        "conv4_2": (2, 10, 5, 2),
    }


def test_taps_are_rectified_convolutions(tiny):
    activations = {}
    for name, index in TAPS.items():
        assert isinstance(tiny.features[index - 1], nn.Conv2d)
        tiny.features[index - 1].register_forward_hook(lambda m, i, o, name=name: activations.update({name: o.clone()}))
    features = tiny(torch.rand(1, 3, 16, 16) * 2 - 1, list(TAPS))
    for name, activation in activations.items():
        assert activation.min() < 0
        assert torch.equal(features[name], activation.clamp(min=0)), name


@pytest.mark.parametrize(("layers", "convolutions"), [(["conv1_1"], 1), (["conv3_2", "conv1_2"], 6), (PAPER, 9)])
def test_stops_at_the_deepest_layer(tiny, layers, convolutions):
    calls = []
    for layer in tiny.features:
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda *_: calls.append(1))
    assert list(tiny(torch.zeros(1, 3, 16, 16), layers)) == sorted(layers)
    assert len(calls) == convolutions


def test_greyscale_is_three_equal_channels(tiny):
    grey = torch.rand(2, 1, 16, 16) * 2 - 1
    assert torch.equal(tiny(grey, ["conv4_2"])["conv4_2"], tiny(grey.repeat(1, 3, 1, 1), ["conv4_2"])["conv4_2"])


def test_input_convention(tiny):
    """[-1, 1] is brought to ImageNet's mean and deviation, before the padding."""
    image = torch.rand(1, 3, 16, 16)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    expected = tiny.features[:2]((image - mean) / std)
    torch.testing.assert_close(tiny(image * 2 - 1, ["conv1_1"])["conv1_1"], expected)


def test_frozen(bundled):
    assert list(bundled.parameters()) == []
    assert bundled.state_dict() == {}
    image = torch.zeros(1, 3, 8, 8, requires_grad=True)
    bundled(image, ["conv4_2"])["conv4_2"].sum().backward()
    assert image.grad.abs().sum() > 0
    assert all(not buffer.requires_grad and buffer.grad is None for buffer in bundled.buffers())


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_memory_format_of_the_image_does_not_matter(tiny, memory_format):
    image = torch.rand(2, 3, 16, 24) * 2 - 1
    features = tiny(image.contiguous(memory_format=memory_format), PAPER)
    assert all(torch.equal(features[name], tiny(image.clone(), PAPER)[name]) for name in PAPER)
    assert all(value.is_contiguous(memory_format=torch.channels_last) for value in features.values())


def test_exception(tiny):
    with pytest.raises(ValueError, match=r"conv3_2 needs 8 pixels a side; got 2 x 3"):
        tiny(torch.zeros(1, 3, 2, 3), ["conv3_2"])
    with pytest.raises(ValueError, match=r"1 or 3 channels; got 4"):
        tiny(torch.zeros(1, 4, 16, 16), ["conv1_1"])


def test_frozen_equals_trainable_in_float64(tiny):
    """Frozen convolutions run on prepared weights."""
    tiny, image = tiny.double(), torch.rand(2, 3, 16, 24, dtype=torch.float64) * 2 - 1
    found = []
    for trainable in (True, False):
        leaf = image.clone().requires_grad_()
        features = tiny.requires_grad_(trainable)(leaf, PAPER)
        total = sum((value**3).sum() for value in features.values())
        found.append([*(value.detach() for value in features.values()), torch.autograd.grad(total, leaf)[0]])
    assert all(torch.allclose(a, b, rtol=1e-10, atol=1e-12) for a, b in zip(*found, strict=True))
