import json
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from i2s_lightning.data import Preprocess
from i2s_lightning.data.preprocess import Fit, Resample

sides = st.integers(1, 40)
any_preprocess = st.builds(Preprocess, fit=st.sampled_from(get_args(Fit)), resample=st.sampled_from(get_args(Resample)))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def assert_close(result, expected):
    """Pillow rounds after each of its two passes, so a level is what can be asked for."""
    assert np.abs(result - np.asarray(expected, float)).max() <= 1


@given(any_preprocess, sides, sides, sides, sides, st.sampled_from([1, 3]))
@settings(deadline=None)
def test_shape(preprocess, height, width, out_height, out_width, channels):
    pixels = noise(height, width, channels)
    before = pixels.copy()
    result = preprocess(pixels, (out_height, out_width))
    assert result.shape == (out_height, out_width, channels)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(pixels, before)


@given(any_preprocess, sides, sides, st.sampled_from([1, 3]))
@settings(deadline=None)
def test_identity_at_the_right_size(preprocess, height, width, channels):
    pixels = noise(height, width, channels)
    np.testing.assert_array_equal(preprocess(pixels, (height, width)), pixels)


@given(any_preprocess, sides, sides, sides, sides, st.integers(0, 255))
@settings(deadline=None)
def test_constant_stays_constant(preprocess, height, width, out_height, out_width, value):
    preprocess = Preprocess(preprocess.fit, preprocess.resample, background=(value, value, value))
    result = preprocess(np.full((height, width, 3), value, np.uint8), (out_height, out_width))
    assert (result == value).all()


@given(any_preprocess, sides, sides, sides, sides)
@settings(deadline=None)
def test_channels_do_not_mix(preprocess, height, width, out_height, out_width):
    pixels, size = noise(height, width, 3), (out_height, out_width)
    alone = np.concatenate([preprocess(pixels[..., c : c + 1], size) for c in range(3)], axis=2)
    np.testing.assert_array_equal(preprocess(pixels, size), alone)


@pytest.mark.parametrize("resample", get_args(Resample))
def test_crop_without_scaling_is_a_slice(resample):
    pixels = noise(11, 8, 3)
    np.testing.assert_array_equal(Preprocess("crop", resample)(pixels, (8, 8)), pixels[1:9])
    np.testing.assert_array_equal(Preprocess("crop", resample)(pixels, (11, 5)), pixels[:, 1:6])


def test_crop_takes_the_largest_centred_part():
    pixels = noise(8, 24, 3)
    expected = Preprocess("stretch", "area")(pixels[:, 8:16], (4, 4))
    assert_close(Preprocess("crop", "area")(pixels, (4, 4)), expected)
    tall = noise(24, 8, 3)
    expected = Preprocess("stretch", "area")(tall[10:14], (2, 4))
    assert_close(Preprocess("crop", "area")(tall, (2, 4)), expected)


@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
def test_area_averages_blocks(fit):
    pixels = noise(12, 18, 3)
    blocks = pixels.reshape(4, 3, 6, 3, 3).mean(axis=(1, 3))
    assert_close(Preprocess(fit, "area")(pixels, (4, 6)), blocks)


@pytest.mark.parametrize("resample", ["lanczos", "bicubic", "bilinear", "area"])
def test_reducing_is_antialiased(resample):
    checkers = np.indices((128, 128)).sum(0) % 2 * 255
    result = Preprocess(resample=resample)(checkers.astype(np.uint8)[..., None], (16, 16))
    assert np.abs(result.astype(int) - 128).max() <= 4


def test_nearest_takes_single_pixels():
    pixels = noise(9, 9, 1)
    np.testing.assert_array_equal(Preprocess(resample="nearest")(pixels, (3, 3)), pixels[1::3, 1::3])


def test_resampling_keeps_the_centre():
    """A picture that is its own mirror image stays so."""
    half = noise(33, 20, 1)
    pixels = np.concatenate([half, half[:, ::-1]], axis=1)
    for resample in ("lanczos", "bicubic", "bilinear", "area"):
        result = Preprocess("stretch", resample)(pixels, (16, 14)).astype(int)
        assert np.abs(result - result[:, ::-1]).max() <= 1


def test_pad():
    pixels = noise(4, 8, 3)
    result = Preprocess("pad", background=(1, 2, 3))(pixels, (8, 8))
    np.testing.assert_array_equal(result[2:6], pixels)
    assert (result[[0, 1, 6, 7]] == [1, 2, 3]).all()
    # grey: 0.299 * 255 = 76.2
    grey = Preprocess("pad", background=(255, 0, 0))(pixels[..., :1], (4, 10))
    np.testing.assert_array_equal(grey[:, 1:9], pixels[..., :1])
    assert (grey[:, [0, 9]] == 76).all()


def test_pad_keeps_a_line_of_an_extreme_shape():
    result = Preprocess("pad", background=(0, 0, 0))(np.full((1, 1000, 1), 200, np.uint8), (8, 8))
    assert (result[3] == 200).all()
    assert result.sum() == 8 * 200


def test_describe_rebuilds_it():
    preprocess = Preprocess("pad", "area", (1, 2, 3))
    record = json.loads(json.dumps(preprocess.describe()))
    assert record == {"fit": "pad", "resample": "area", "background": [1, 2, 3]}
    assert Preprocess(record["fit"], record["resample"], tuple(record["background"])) == preprocess


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("fit", "squeeze", "fit must be one of crop, stretch, pad; got 'squeeze'"),
        ("resample", "cubic", r"resample must be one of lanczos, .*; got 'cubic'"),
        ("background", (0, 0, 256), r"background must be three values in 0..255 .*; got \(0, 0, 256\)"),
        ("background", (0, 0), r"background must be three values .*; got \(0, 0\)"),
    ],
)
def test_exceptions(option, value, message):
    preprocess = Preprocess()
    object.__setattr__(preprocess, option, value)  # round the tests' own type checker, which users don't run
    with pytest.raises(ValueError, match=message):
        preprocess.__post_init__()
