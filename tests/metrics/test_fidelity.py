"""PSNR, SSIM and MS-SSIM against scikit-image and scipy in float64."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.data import astronaut
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from i2s_lightning.metrics import ms_ssim, psnr, ssim

PRECISION = pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 5e-5), (torch.float64, 1e-12)])
SHAPES = [(1, 3, 11, 11), (3, 3, 16, 16), (2, 1, 32, 20), (2, 3, 64, 64), (1, 1, 75, 176)]


def _pair(batch, channels, height, width):
    """Crops of a photograph, and the same with noise that differs from image to image."""
    generator = np.random.default_rng(height)
    crops = [
        astronaut()[40 * i : 40 * i + height, 160 : 160 + width, :channels].transpose(2, 0, 1) for i in range(batch)
    ]
    target = np.stack(crops) / 127.5 - 1
    noise = generator.normal(size=target.shape) * np.linspace(0.02, 0.3, batch)[:, None, None, None]
    return tuple(torch.from_numpy(value).float() for value in ((target + noise).clip(-1, 1), target))


@pytest.mark.parametrize("shape", SHAPES)
def test_psnr(shape):
    image, target = _pair(*shape)
    expected = [
        peak_signal_noise_ratio(t.double().numpy(), i.double().numpy(), data_range=2.0)
        for i, t in zip(image, target, strict=True)
    ]
    np.testing.assert_allclose(psnr(image, target), expected, rtol=1e-5)


def _reference_ssim(image, target):
    return structural_similarity(
        image.double().numpy(),
        target.double().numpy(),
        data_range=2.0,
        channel_axis=0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )


@PRECISION
@pytest.mark.parametrize("shape", SHAPES)
def test_ssim(shape, dtype, tolerance):
    image, target = (value.to(dtype) for value in _pair(*shape))
    expected = [_reference_ssim(i, t) for i, t in zip(image, target, strict=True)]
    np.testing.assert_allclose(ssim(image, target), expected, rtol=0, atol=tolerance)


def _smooth(values):
    """Filter a (C, H, W) array with SSIM's window, where it fits."""
    return ndimage.gaussian_filter(values, (0, 1.5, 1.5), truncate=3.5)[:, 5:-5, 5:-5]


def _reference_ms_ssim(a, b):
    product = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        mean_a, mean_b = _smooth(a), _smooth(b)
        variances = _smooth(a * a) - mean_a**2 + _smooth(b * b) - mean_b**2
        contrast = (2 * (_smooth(a * b) - mean_a * mean_b) + 0.06**2) / (variances + 0.06**2)
        luminance = (2 * mean_a * mean_b + 0.02**2) / (mean_a**2 + mean_b**2 + 0.02**2)
        product *= (luminance * contrast if scale == 4 else contrast).mean() ** weight
        size = [side // 2 for side in a.shape[1:]]
        a, b = (v[:, : 2 * size[0], : 2 * size[1]].reshape(-1, size[0], 2, size[1], 2).mean((2, 4)) for v in (a, b))
    return product


@PRECISION
@pytest.mark.parametrize("shape", [(2, 3, 176, 176), (1, 1, 200, 181)])
def test_ms_ssim(shape, dtype, tolerance):
    image, target = (value.to(dtype) for value in _pair(*shape))
    expected = [_reference_ms_ssim(i.double().numpy(), t.double().numpy()) for i, t in zip(image, target, strict=True)]
    np.testing.assert_allclose(ms_ssim(image, target), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("measure", "best"), [(psnr, float("inf")), (ssim, 1.0), (ms_ssim, 1.0)])
def test_equal_images(measure, best):
    image, _ = _pair(2, 3, 180, 180)
    assert measure(image, image).tolist() == pytest.approx([best, best])


@pytest.mark.parametrize("measure", [psnr, ssim, ms_ssim])
def test_rows_do_not_mix(measure):
    image, target = _pair(3, 3, 180, 190)
    together = measure(image, target)
    for row in range(3):
        torch.testing.assert_close(measure(image[row : row + 1], target[row : row + 1])[0], together[row])


@pytest.mark.parametrize(
    ("measure", "shape", "message"),
    [
        (ssim, (10, 64), r"SSIM needs at least 11 pixels a side; got 10 x 64"),
        (ssim, (4, 4), r"SSIM needs at least 11 pixels a side; got 4 x 4"),
        (ms_ssim, (256, 175), r"MS-SSIM needs at least 176 pixels a side; got 256 x 175"),
    ],
)
def test_exception(measure, shape, message):
    with pytest.raises(ValueError, match=message):
        measure(torch.zeros(1, 3, *shape), torch.zeros(1, 3, *shape))
