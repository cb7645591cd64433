"""Operations of convolutions as the profiler shows them, against torch's own counter."""

import pytest
import torch
from bench.flops import FILTERS, saving, winograd_name, work
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

MAPS, LEAF = torch.randn(2, 3, 8, 6), torch.randn(2, 3, 8, 6, requires_grad=True)
KERNEL, GROUPED = torch.randn(4, 3, 3, 3), torch.randn(8, 3, 3, 3)
TRANSPOSED = torch.randn(3, 4, 3, 3)


def gradients():
    kernel = KERNEL.clone().requires_grad_()
    y = F.conv2d(LEAF, kernel, stride=2, padding=1)
    y = F.conv_transpose2d(y, kernel, stride=2)
    torch.autograd.grad(y.sum(), (LEAF, kernel))


CALLS = {
    "plain": lambda: F.conv2d(MAPS, KERNEL, padding=1),
    "valid": lambda: F.conv2d(MAPS, KERNEL),
    "strided": lambda: F.conv2d(MAPS, KERNEL, stride=2),
    "dilated": lambda: F.conv2d(MAPS, KERNEL, dilation=2, padding=1),
    "grouped": lambda: F.conv2d(MAPS.view(1, 6, 8, 6), GROUPED, padding=1, groups=2),
    "doubling": lambda: F.conv_transpose2d(MAPS, TRANSPOSED, stride=2),
    "products": lambda: torch.bmm(torch.randn(2, 3, 5), MAPS.view(2, 3, 48)[:, :, :5].transpose(1, 2)),
    "gradients": gradients,
}


def works(compute):
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], record_shapes=True) as profiler:
        compute()
    found = [work(e.name, e.input_shapes, e.concrete_inputs) for e in profiler.events()]
    return [w for w in found if w is not None]


@pytest.mark.parametrize("name", CALLS)
def test_as_many_as_torch_counts(name):
    with FlopCounterMode(display=False) as counter:
        CALLS[name]()
    assert counter.get_total_flops() > 0
    assert sum(w.flops for w in works(CALLS[name])) == counter.get_total_flops()


@pytest.mark.parametrize(
    ("side", "stride", "share"), [(1, 1, 1.0), (3, 1, 6 / 12), (3, 2, (5 + 4) / 12), (2, 1, 5 / 8)]
)
def test_products_that_tiles_need(side, stride, share):
    assert saving(side, stride) == share


def test_phases_need_what_the_transposed_convolution_does():
    whole = saving(3, 2) ** 2 * 9
    assert whole == sum(saving(i, 1) * saving(j, 1) * i * j for i in (1, 2) for j in (1, 2))


def test_winograds_counts_as_the_direct_one_and_a_quarter():
    (direct,) = works(CALLS["plain"])
    assert work(winograd_name(MAPS.shape, (36, 3, 4)), [], []) == direct
    assert direct.least == direct.flops / 4


@pytest.mark.parametrize(
    ("inner", "outer", "kind"),
    [
        (512, 256, "256 channels and more"),
        (512, 255, "64 to 255"),
        (64, 512, "64 to 255"),
        (63, 512, "fewer than 64"),
        (512, 3, "fewer than 64"),
    ],
)
def test_the_narrower_side_decides(inner, outer, kind):
    assert {w.kind for w in works(lambda: F.conv2d(torch.zeros(1, inner, 3, 3), torch.zeros(outer, inner, 1, 1)))} == {
        kind
    }
    (doubling,) = works(lambda: F.conv_transpose2d(torch.zeros(1, inner, 3, 3), torch.zeros(inner, outer, 1, 1)))
    assert doubling.kind == kind


def test_filters_are_no_convolutions():
    def filtered():
        y = F.conv2d(F.pad(LEAF, (1, 1, 1, 1)), torch.ones(3, 1, 3, 3), groups=3)
        torch.autograd.grad(F.avg_pool2d(y, 2).sum(), LEAF)

    assert {(w.kind, w.flops) for w in works(filtered)} == {(FILTERS, 0.0)}


def test_styles_are_no_convolutions():
    assert works(lambda: torch.bmm(torch.ones(2, 1, 8), torch.ones(2, 8, 4))) == []
