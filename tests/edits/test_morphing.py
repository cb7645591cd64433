import pytest
import torch

from i2s_lightning import edits
from i2s_lightning.errors import CheckpointError, ConfigError
from i2s_lightning.ops.latents import slerp


def test_lambda_runs_evenly_from_the_first_picture_to_the_last(plain):
    a, b = plain["ann"], plain["bob"]
    edit = edits.morph(plain, ["ann", "bob"], frames=5)
    expected = torch.stack([(1 - k / 4) * a + k / 4 * b for k in range(5)])
    assert torch.allclose(edit.ws, expected, atol=1e-6)
    assert [shot.caption for shot in edit.shots] == ["ann", "0.25", "0.50", "0.75", "bob"]


@pytest.mark.parametrize("frames", [3, 4, 5, 10, 11, 300])
def test_a_chain_shows_every_picture_once(plain, frames):
    edit = edits.morph(plain, ["ann", "bob", "carol"], frames=frames)
    captions = [shot.caption for shot in edit.shots]
    assert len(edit) == frames
    assert [c for c in captions if c.isalpha()] == ["ann", "bob", "carol"]
    assert (captions[0], captions[-1]) == ("ann", "carol")


def test_a_loop_comes_back_without_showing_the_first_twice(plain):
    edit = edits.morph(plain, ["ann", "bob"], frames=8, loop=True)
    assert torch.equal(edit.ws[0], plain["ann"])
    assert torch.equal(edit.ws[4], plain["bob"])
    assert torch.allclose(edit.ws[7], edit.ws[1], atol=1e-6)


def test_eased_frames_lie_on_the_same_line_slow_at_the_ends(plain):
    a, b = plain["ann"], plain["bob"]
    edit = edits.morph(plain, ["ann", "bob"], frames=5, timing="eased")
    shares = ((edit.ws - a) * (b - a)).sum((1, 2)) / (b - a).square().sum()
    assert torch.allclose(shares, torch.tensor([0, 0.15625, 0.5, 0.84375, 1]), atol=1e-5)


def test_layers_follow_their_schedule(plain):
    a, b = plain["ann"], plain["bob"]
    edit = edits.morph(plain, ["ann", "bob"], frames=5, schedule=["0-1=0:0.5", "2-5=0.5:1"])
    assert torch.equal(edit.ws[2, :2], b[:2])
    assert torch.equal(edit.ws[2, 2:], a[2:])
    assert torch.allclose(edit.ws[1, 0], (a[0] + b[0]) / 2, atol=1e-6)


def test_z_is_morphed_along_the_arc(keep, plain):
    e = keep(plain.generator, "z", folder="z")
    middle = edits.morph(e, ["ann", "bob"], frames=3).ws[1]
    z = slerp(e.latent("ann")[None], e.latent("bob")[None], 0.5)
    assert torch.allclose(middle, e.generator.mapping(z)[0], atol=1e-6)
    straight = edits.morph(e, ["ann", "bob"], frames=3, route="straight").ws[1]
    assert torch.allclose(straight, (e["ann"] + e["bob"]) / 2, atol=1e-6)


def test_layers_follow_their_schedule_along_the_arc(keep, plain):
    e = keep(plain.generator, "z", folder="z")
    middle = edits.morph(e, ["ann", "bob"], frames=3, schedule=["0-2=0:0.5"]).ws[1]
    assert torch.allclose(middle[:3], e["bob"][:3], atol=1e-6)
    assert not torch.allclose(middle[3:], e["bob"][3:], atol=1e-2)


def test_noise_maps_are_morphed_too(keep, plain):
    e = keep(plain.generator, noise="fixed", folder="noise")
    latent = edits.morph(e, ["ann", "bob"], frames=3).shots[1].build()
    for morphed, a, b in zip(latent.noise, e.noise("ann"), e.noise("bob"), strict=True):
        assert torch.allclose(morphed, (a + b) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": ["ann"]}, "two or more pictures; got ann"),
        ({"images": ["ann", "bob", "carol"], "frames": 2}, "3 pictures need at least as many frames; got 2"),
        ({"images": ["ann", "bob"], "route": "arc"}, "embedded in w_plus"),
        ({"images": ["ann", "bob"], "schedule": ["coarse=0.5:0.5"]}, "expected a schedule like coarse=0:0.5"),
        ({"images": ["x*"]}, r"no picture fits 'x\*'; there are ann, bob"),
        ({"images": []}, "at least one picture's name"),
    ],
)
def test_options_that_do_not_fit(plain, options, message):
    with pytest.raises(ConfigError, match=message):
        edits.morph(plain, **options)


def test_unknown_names_are_answered_with_close_ones(plain):
    with pytest.raises(CheckpointError, match="no picture 'carl' among the 5 embedded ones; close: carol"):
        edits.morph(plain, ["ann", "carl"])
