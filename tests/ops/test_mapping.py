import pytest
import torch
from torch.nn import functional as F

from i2s_lightning.ops.mapping import linear, normalize_2nd_moment, truncate


def test_linear_value_equals_torch():
    x, weight, bias = (torch.randn(*s, dtype=torch.float64) for s in ((5, 7), (3, 7), (3,)))
    assert torch.allclose(linear(x, weight, bias), F.linear(x, weight, bias), rtol=1e-12, atol=1e-12)
    assert torch.allclose(linear(x, weight), F.linear(x, weight), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("inputs", "outputs"), [(64, 24), (512, 512), (128, 3)])
@pytest.mark.parametrize("batch", [2, 5])
def test_linear_rows_have_the_same_bits_anywhere(inputs, outputs, batch):
    # F.linear fails this for (5, 64) x (64, 24): a row's rounding depends on its tile.
    weight = torch.randn(outputs, inputs)
    rows = torch.randn(1, inputs).expand(batch, -1).contiguous().requires_grad_()
    y = linear(rows, weight)
    (y * torch.randn(1, outputs)).sum().backward()
    assert torch.equal(y, y[:1].expand_as(y))
    assert torch.equal(rows.grad, rows.grad[:1].expand_as(rows))


def test_normalize_2nd_moment_value():
    y = normalize_2nd_moment(torch.randn(4, 9, dtype=torch.float64) * 100)
    assert torch.allclose(y.square().mean(1), torch.ones(4, dtype=torch.float64), rtol=1e-10)


def test_truncate_value():
    ws, w_avg = torch.randn(2, 4, 3, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    expected = w_avg + 0.7 * (ws - w_avg)
    assert torch.allclose(truncate(ws, w_avg, 0.7), expected, rtol=1e-12, atol=1e-12)
    cut = truncate(ws, w_avg, 0.7, cutoff=3)
    assert torch.allclose(cut[:, :3], expected[:, :3], rtol=1e-12, atol=1e-12)
    assert torch.equal(cut[:, 3:], ws[:, 3:])


def test_truncate_off_is_the_input_and_zero_is_the_mean():
    ws, w_avg = torch.randn(2, 4, 3), torch.randn(3)
    assert truncate(ws, w_avg, 1.0, cutoff=2) is ws
    assert torch.equal(truncate(ws, w_avg, 0.0), w_avg.expand_as(ws))
