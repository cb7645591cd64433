import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import geometric_slerp

from i2s_lightning.ops.latents import (
    clean_difference,
    ease,
    interpolate,
    mix,
    move,
    pull_to_mean,
    slerp,
    smooth_sequence,
)

L, D = 4, 3
finite = st.floats(-1e6, 1e6, width=32)
ws = hnp.arrays(np.float32, (2, L, D), elements=finite).map(torch.from_numpy)
layers = st.lists(st.integers(0, L - 1), unique=True)


@given(ws, ws)
def test_interpolation_ends_at_its_ends(a, b):
    assert torch.equal(interpolate(a, b, 0.0), a)
    assert torch.equal(interpolate(a, b, 1.0), b)


@given(ws, ws, st.floats(0, 1))
def test_interpolation_is_the_papers_sum_and_symmetric(a, b, share):
    expected = (1 - share) * a.double() + share * b.double()
    scale = float(torch.maximum(a.abs().max(), b.abs().max())) + 1e-30
    assert torch.allclose(interpolate(a, b, share).double(), expected, rtol=0, atol=1e-6 * scale)
    assert torch.allclose(interpolate(a, b, share), interpolate(b, a, 1 - share), rtol=0, atol=1e-6 * scale)


def test_interpolation_gives_each_layer_its_share():
    shares = torch.tensor([[0.0], [0.25], [0.5], [1.0]])
    moved = interpolate(torch.zeros(1, L, D), torch.ones(1, L, D), shares)
    assert torch.equal(moved[0, :, 0], shares[:, 0])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_slerp_is_scipys_on_the_sphere_and_interpolates_length(share):
    a, b = torch.randn(2, 1, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    unit = geometric_slerp((a / a.norm())[0].numpy(), (b / b.norm())[0].numpy(), share)
    length = (1 - share) * a.norm() + share * b.norm()
    assert torch.allclose(slerp(a, b, share)[0], torch.from_numpy(unit) * length)


@given(hnp.arrays(np.float32, (2, 5), elements=st.floats(0.5, 10, width=32)).map(torch.from_numpy))
def test_slerp_ends_at_its_ends_and_is_finite_for_parallel_rows(rows):
    a, b = rows[:1], rows[1:]
    assert torch.equal(slerp(a, b, 0.0), a)
    assert torch.equal(slerp(a, b, 1.0), b)
    for other in (a, 2 * a, -a):
        assert slerp(a, other, 0.3).isfinite().all()
    assert torch.allclose(slerp(a, 2 * a, 0.5), 1.5 * a)


def test_easing_starts_and_ends_at_rest():
    assert (ease(0.0), ease(0.5), ease(1.0)) == (0.0, 0.5, 1.0)
    assert ease(0.01) < 0.01 / 10
    assert all(ease(i / 50) < ease((i + 1) / 50) for i in range(50))


@given(ws, ws, layers)
def test_mix_takes_whole_layers(a, b, chosen):
    mixed = mix(a, b, layers=chosen)
    for layer in range(L):
        assert torch.equal(mixed[:, layer], (b if layer in chosen else a)[:, layer])


@given(ws, ws)
def test_mixing_no_and_all_layers_is_identity_and_swap(a, b):
    assert torch.equal(mix(a, b, layers=[]), a)
    assert torch.equal(mix(a, b, layers=range(L)), b)
    assert torch.equal(mix(a, b, layers=range(L), weight=0.0), a)


@given(ws, ws, layers)
def test_edits_leave_their_inputs_alone(a, b, chosen):
    before = a.clone(), b.clone()
    mix(a, b, layers=chosen)
    move(a, b, 2.0, layers=chosen)
    pull_to_mean(a, b[0, 0], 0.5, layers=chosen)
    assert torch.equal(a, before[0])
    assert torch.equal(b, before[1])


@given(ws, ws, layers)
def test_moving_by_nothing_is_identity(a, b, chosen):
    assert torch.equal(move(a, b, 0.0, layers=chosen), a)
    assert torch.equal(move(a, b, 3.0, layers=[]), a)


@given(ws, ws)
def test_transfer_from_a_face_to_itself_lands_on_the_expression(neutral, expressive):
    moved = move(neutral, expressive - neutral, 1.0)
    scale = float(torch.maximum(neutral.abs().max(), expressive.abs().max())) + 1e-30
    assert torch.allclose(moved, expressive, rtol=0, atol=1e-6 * scale)


@given(ws)
def test_truncation_has_the_picture_and_the_mean_at_its_ends(a):
    mean = torch.arange(D, dtype=torch.float32)
    assert torch.equal(pull_to_mean(a, mean, 1.0), a)
    assert torch.equal(pull_to_mean(a, mean, 0.0), mean.expand_as(a))


@given(ws, st.floats(0, 1e6, width=32))
def test_cleaning_keeps_whole_layers_or_none(difference, threshold):
    cleaned = clean_difference(difference, threshold=threshold)
    for row, kept in zip(difference.flatten(0, 1), cleaned.flatten(0, 1), strict=True):
        assert torch.equal(kept, row if row.norm() >= threshold else torch.zeros(D))


@given(ws, st.floats(0, 10, width=32))
def test_normalised_differences_have_layers_of_length_one(difference, threshold):
    difference = difference + torch.tensor([0.0, 20.0, 0.0])  # no tiny lengths, whose squares vanish
    cleaned = clean_difference(difference, threshold=threshold, normalise=True)
    norms = cleaned.double().norm(dim=-1)
    for row in norms:
        assert not row.any() or float((row[row > 0] ** 2).mean()) == pytest.approx(1, rel=1e-4)


def test_cleaning_away_everything_gives_zero_not_nan():
    assert torch.equal(clean_difference(torch.ones(1, L, D), threshold=9.0, normalise=True), torch.zeros(1, L, D))
    assert torch.equal(clean_difference(torch.zeros(1, L, D), threshold=0.0, normalise=True), torch.zeros(1, L, D))


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
def test_smoothing_is_scipys(sigma):
    sequence = torch.randn(12, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = gaussian_filter1d(sequence.numpy(), sigma, axis=0, mode="nearest", radius=max(1, round(4 * sigma)))
    assert torch.allclose(smooth_sequence(sequence, sigma), torch.from_numpy(expected))


def test_smoothing_by_nothing_is_identity():
    sequence = torch.randn(3, 2)
    assert torch.equal(smooth_sequence(sequence, 0.0), sequence)


def test_layers_out_of_bounds_are_told():
    rows = torch.zeros(1, L, D)
    for wrong in (lambda: mix(rows, rows, layers=[0, 4]), lambda: move(rows, rows, 1.0, layers=[-1])):
        with pytest.raises(ValueError, match=r"layers must lie in \[0, 4\); got \[(4|-1)\]"):
            wrong()
