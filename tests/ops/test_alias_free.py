import math

import pytest
import torch
from torch.nn import functional as F

from i2s_lightning.ops.alias_free import filtered_lrelu, fourier_features, input_transform


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("padding", [(0, 1, 1, 0), (5, 4, 5, 4), (-2, 3, 3, -1)])
@pytest.mark.parametrize("radial", [False, True])
def test_filtered_lrelu_value(padding, radial):
    x, up_taps, down_filter = randn(2, 3, 6, 7), randn(8), randn(6, 6) if radial else randn(6)
    square = torch.outer(up_taps, up_taps)
    down = down_filter if radial else torch.outer(down_filter, down_filter)
    zeros = torch.zeros(2, 3, 12, 14, dtype=torch.float64)
    zeros[:, :, ::2, ::2] = x
    raised = F.conv2d(F.pad(zeros, padding), square.flip(0, 1).expand(3, 1, -1, -1) * 4, groups=3)
    active = (F.leaky_relu(raised, 0.2) * 2**0.5).clamp(-0.8, 0.8)
    expected = F.conv2d(active, down.flip(0, 1).expand(3, 1, -1, -1), stride=2, groups=3)
    got = filtered_lrelu(x, up_taps, down_filter, up=2, down=2, padding=padding, clamp=0.8)
    assert torch.allclose(got, expected, rtol=1e-10, atol=1e-10)


def test_filtered_lrelu_without_filters():
    x = randn(1, 2, 3, 4)
    same = filtered_lrelu(x, None, None, up=1, down=1, padding=(0, 0, 0, 0), activated=False)
    assert torch.equal(same, x)
    cropped = filtered_lrelu(x, None, None, up=1, down=2, padding=(-1, 0, 0, 1), activated=False)
    assert torch.equal(cropped, F.pad(x, (-1, 0, 0, 1))[:, :, ::2, ::2])


def test_input_transform_turns_then_is_shifted():
    angle, outer = 0.3, randn(3, 3)
    q = torch.tensor([[math.cos(angle), math.sin(angle), 0.2, -0.1]], dtype=torch.float64)
    rotation = torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    translation = torch.tensor([[1, 0, -0.2], [0, 1, 0.1], [0, 0, 1]])
    expected = rotation.double() @ translation.double() @ outer
    assert torch.allclose(input_transform(q * 5, outer)[0], expected, atol=1e-6)


def test_fourier_features_shift_with_the_image():
    frequencies, phases = randn(5, 2), randn(5)
    options = {"size": (6, 4), "sampling_rate": 16.0, "bandwidth": 4.0}
    still = fourier_features(frequencies, phases, torch.eye(3, dtype=torch.float64)[None], **options)
    moved_by_a_pixel = torch.eye(3, dtype=torch.float64)[None].clone()
    moved_by_a_pixel[0, 0, 2] = 1 / 16
    moved = fourier_features(frequencies, phases, moved_by_a_pixel, **options)
    assert torch.allclose(moved[..., :-1], still[..., 1:], atol=1e-12)


def test_fourier_features_fade_out_above_the_bandwidth():
    frequencies = torch.tensor([[3.0, 0.0], [6.0, 0.0], [9.0, 0.0]])
    features = fourier_features(
        frequencies, torch.full((3,), 0.1), torch.eye(3)[None], size=(64, 1), sampling_rate=16.0, bandwidth=4.0
    )
    assert torch.allclose(features.abs().amax(dim=(0, 2, 3)), torch.tensor([1.0, 0.5, 0.0]), atol=0.02)
