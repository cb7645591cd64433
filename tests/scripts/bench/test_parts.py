"""A profile's parts hold what is computed there, counted by hand, and sum to the whole."""

import pytest
import torch
from bench import steps
from bench.flops import FILTERS, KINDS, REST
from bench.parts import PARTS, profile
from bench.profile_table import total
from torch.nn import functional as F
from torch.profiler import record_function

from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators import StyleGAN2
from i2s_lightning.losses import PerceptualLoss
from i2s_lightning.ops.winograd import Winograd

CHANNELS, VGG_WIDTHS, SIDES = (8, 6, 4), (3, 3, 4, 4, 5, 5, 5, 6, 6), 16
WIDTHS = [kind for kind in KINDS if kind not in (FILTERS, REST)]


@pytest.fixture
def profiles(monkeypatch, vgg_file):
    torch.manual_seed(0)
    generator = freeze(StyleGAN2(z_dim=8, w_dim=8, channels=CHANNELS, mapping_layers=1))
    monkeypatch.setattr(steps, "official", lambda resolution: generator)
    monkeypatch.setattr(steps, "PerceptualLoss", lambda: PerceptualLoss(vgg=vgg_file))
    made = [make(SIDES, 1, torch.float32) for make in (steps.usual, steps.ours)]
    return [profile(step, step()["gradient"], seconds=0.01) for step in made]


def convolutions(part, profiled):
    return 1e9 * total(profiled, "gflop", [part], WIDTHS)


def layers():
    """Operations of each 3x3 layer and of each ToRGB, from narrow to wide."""
    pixels = [16, 64, 256]
    plain = [2 * 9 * c * c * n for c, n in zip(CHANNELS, pixels, strict=True)]
    doubling = [2 * 9 * a * b * n for a, b, n in zip(CHANNELS, CHANNELS[1:], pixels, strict=False)]
    return plain, doubling, [2 * 3 * c * n for c, n in zip(CHANNELS, pixels, strict=True)]


def vgg():
    pixels = [256] * 2 + [64] * 2 + [16] * 3 + [4] * 2
    return sum(2 * 9 * a * b * n for a, b, n in zip((3, *VGG_WIDTHS), VGG_WIDTHS, pixels, strict=False))


def test_every_part_has_the_convolutions_that_belong_there(profiles):
    usual, ours = profiles
    plain, doubling, rgb = map(sum, layers())
    for profiled in profiles:
        assert convolutions("synthesis", profiled) == pytest.approx(plain + doubling + rgb)
        assert convolutions("VGG", profiled) == pytest.approx(vgg())
        assert convolutions("VGG, backward", profiled) == pytest.approx(vgg())  # no gradient of weights
        assert convolutions("loss, optimiser", profiled) == 0
    # Own weights have a gradient; the constant that the first layer sees has none.
    twice = 2 * (plain + doubling + rgb) - layers()[0][0]
    assert convolutions("synthesis, backward", usual) == pytest.approx(twice)
    assert convolutions("synthesis, backward", ours) == pytest.approx(plain + doubling + 2 * rgb)


def test_parts_sum_to_the_whole(profiles):
    for profiled in profiles:
        parts = [total(profiled, "ms", [part], KINDS) for part in PARTS]
        assert min(parts) > 0
        # A busy machine may be away for a moment between the readings of two clocks.
        assert sum(parts) == pytest.approx(profiled["whole"], rel=0.15)


def test_both_filter_there_and_back(profiles):
    for profiled in profiles:
        for part in ("synthesis", "synthesis, backward"):
            assert total(profiled, "ms", [part], [FILTERS]) > 0
        assert total(profiled, "ms", ["loss, optimiser"], [FILTERS]) == 0


def test_all_of_winograds_is_a_convolution():
    winograd, x = Winograd(torch.randn(64, 128, 3, 3)), torch.randn(1, 128, 32, 32)
    profiled = profile(lambda: {"gradient": winograd(x)}, x[:, :64], seconds=0.01)
    assert convolutions("loss, optimiser", profiled) == pytest.approx(2 * 9 * 64 * 128 * 32 * 32)
    assert Winograd.__call__.__qualname__ == "Winograd.__call__"  # left as it was


def test_a_node_is_of_the_part_that_made_it_not_of_one_that_ended_before():
    def step():
        x = torch.ones(1, 3, 8, 8, requires_grad=True)
        with record_function("synthesis"):
            y = x * 2
            y.detach()  # makes no node and shows the next one's number
        with record_function("VGG"):
            z = F.conv2d(y, torch.ones(4, 3, 3, 3))
        return {"gradient": torch.autograd.grad(z.sum(), x)[0]}

    profiled = profile(step, torch.ones(1, 3, 8, 8), seconds=0.0)
    assert convolutions("VGG, backward", profiled) == pytest.approx(2 * 9 * 3 * 4 * 36)
    assert convolutions("synthesis, backward", profiled) == 0
