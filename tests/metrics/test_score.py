"""All measures at once, at every size."""

import pytest
import torch

from i2s_lightning.metrics import PerceptualDistance, score


@pytest.fixture
def perceptual(tiny_vgg):
    return PerceptualDistance(vgg=tiny_vgg)


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((3, 4, 4), ["mse", "psnr"]),
        ((3, 8, 8), ["mse", "psnr", "perceptual"]),
        ((1, 10, 64), ["mse", "psnr", "perceptual"]),
        ((3, 16, 16), ["mse", "psnr", "ssim", "perceptual"]),
        ((1, 32, 32), ["mse", "psnr", "ssim", "perceptual"]),
        ((3, 175, 256), ["mse", "psnr", "ssim", "perceptual"]),
        ((1, 176, 200), ["mse", "psnr", "ssim", "ms_ssim", "perceptual"]),
    ],
)
def test_measures_by_size(perceptual, shape, names):
    image, target = torch.rand(2, 2, *shape, requires_grad=True) * 2 - 1
    values = score(image, target, perceptual)
    assert list(values) == names
    for value in values.values():
        assert value.shape == (2,)
        assert value.isfinite().all()
        assert not value.requires_grad


def test_value(perceptual):
    target = torch.zeros(2, 3, 16, 16)
    values = score(torch.stack([target[0], target[1] + 0.5]), target, perceptual)
    assert values["mse"].tolist() == [0, 0.25]
    assert values["psnr"].tolist() == pytest.approx([float("inf"), 12.0412], abs=1e-4)
    assert values["ssim"][0] == 1
    assert values["perceptual"][0] == 0
    assert values["ssim"][1] < 0.1
    assert values["perceptual"][1] > 0
