"""The style term."""

import numpy as np
import pytest
import torch

from i2s_lightning.errors import ConfigError
from i2s_lightning.features import load_vgg
from i2s_lightning.losses import StyleLoss


@pytest.mark.parametrize("layer", ["conv4_2", "conv1_1"])
def test_value(tiny_vgg, layer):
    image, target = torch.rand(2, 2, 3, 16, 24, dtype=torch.float64) * 2 - 1
    loss = StyleLoss(layer=layer, vgg=tiny_vgg).double()
    vgg = load_vgg(tiny_vgg).double()
    a, b = (vgg(value, [layer])[layer].numpy() for value in (image, target))
    grams = [np.einsum("bihw,bjhw->bij", value, value) / value[0, 0].size for value in (a, b)]
    expected = ((grams[0] - grams[1]) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(loss(image, loss.prepare(target)), expected, rtol=1e-12)


def test_ignores_where_things_are(tiny_vgg):
    """A Gram matrix counts, it does not place: with symmetric kernels a mirrored picture has the same one."""
    loss = StyleLoss(layer="conv1_1", vgg=tiny_vgg)
    kernel = loss.features.vgg.features[0].weight
    kernel.copy_(kernel + kernel.flip(3))
    image = torch.rand(1, 3, 16, 16) * 2 - 1
    assert loss(image.flip(3), loss.prepare(image)).item() == pytest.approx(0, abs=1e-10)


def test_target_of_another_size(tiny_vgg):
    loss = StyleLoss(vgg=tiny_vgg)
    value = loss(torch.rand(2, 3, 16, 16), loss.prepare(torch.rand(2, 3, 32, 24)))
    assert value.shape == (2,)


def test_exception(tiny_vgg):
    with pytest.raises(ConfigError, match=r"layers must name some of .*; got conv9_9"):
        StyleLoss(layer="conv9_9", vgg=tiny_vgg)
