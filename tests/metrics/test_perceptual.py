"""The perceptual distance, against its definition written out."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from i2s_lightning.features import load_vgg
from i2s_lightning.metrics import PerceptualDistance

PAPER = ["conv1_1", "conv1_2", "conv3_2", "conv4_2"]


def _definition(features, reference):
    layers = []
    for name in PAPER:
        a, b = (value[name].numpy() for value in (features, reference))
        a, b = (value / np.maximum(np.linalg.norm(value, axis=1, keepdims=True), 1e-12) for value in (a, b))
        layers.append(((a - b) ** 2).sum(axis=1).mean(axis=(1, 2)))
    return np.mean(layers, axis=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_value(tiny_vgg, channels):
    image, target = torch.rand(2, 3, channels, 32, 24, dtype=torch.float64) * 2 - 1
    vgg = load_vgg(tiny_vgg).double()
    distance = PerceptualDistance(vgg=tiny_vgg).double()
    np.testing.assert_allclose(distance(image, target), _definition(vgg(image, PAPER), vgg(target, PAPER)), rtol=1e-9)


def test_size_bounds_the_longer_side(tiny_vgg):
    image, target = torch.rand(2, 1, 3, 64, 32) * 2 - 1
    small = [F.avg_pool2d(value, 2) for value in (image, target)]
    full = PerceptualDistance(vgg=tiny_vgg)
    torch.testing.assert_close(PerceptualDistance(size=32, vgg=tiny_vgg)(image, target), full(*small))


def test_zero_for_equal_images(tiny_vgg):
    image = torch.rand(2, 3, 16, 16)
    assert PerceptualDistance(vgg=tiny_vgg)(image, image).tolist() == [0, 0]


def test_orders_damage_with_the_bundled_weights():
    """The more a photograph is blurred, the farther it is; and far from that is another photograph."""
    from skimage.data import astronaut, chelsea

    photograph, other = (
        torch.from_numpy(picture[:128, 160:288].copy()).permute(2, 0, 1)[None] / 127.5 - 1
        for picture in (astronaut(), chelsea())
    )
    blurred = [F.interpolate(F.avg_pool2d(photograph, k), scale_factor=k, mode="bilinear") for k in (2, 4, 8)]
    distance = PerceptualDistance(vgg="hed")
    values = [distance(image, photograph).item() for image in (*blurred, other)]
    assert values == sorted(values)
    assert values[-1] > 2 * values[0]
