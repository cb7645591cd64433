import pytest
import torch

from i2s_lightning import edits, load_generator
from i2s_lightning.edits import space
from i2s_lightning.errors import CheckpointError
from i2s_lightning.generators import samples


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("I2S_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(space, "SAMPLES", 2000)


def test_distance_to_the_mean_is_the_papers(plain):
    for report in edits.report(plain):
        expected = (plain[report.name] - plain.generator.w_avg).square().sum().sqrt()
        assert report.w_avg_distance == pytest.approx(float(expected), rel=1e-5)


def test_neighbours_are_sorted_and_leave_the_picture_out(plain):
    found = edits.neighbours(plain, "ann", 10)
    assert len(found) == 4
    assert [d for _, d in found] == sorted(d for _, d in found)
    assert dict(found)["bob"] == pytest.approx(float((plain["ann"] - plain["bob"]).norm()))
    some = dict(edits.neighbours(plain, "ann", 10, layers="0"))
    assert some["bob"] == pytest.approx(float((plain["ann"] - plain["bob"])[0].norm()))
    with pytest.raises(CheckpointError, match="no picture 'anne'"):
        edits.neighbours(plain, "anne")


def test_samples_are_safe_and_styles_far_away_are_not(keep, plain):
    samples = keep(plain.generator, "w", folder="samples")
    assert all(r.typicality < 2 and r.verdict == "safe to edit" for r in edits.report(samples))
    before = edits.typicality(plain, "ann")
    assert before > edits.typicality(samples, "ann")


@pytest.mark.parametrize(
    ("typical", "psnr", "verdict"),
    [
        (1.0, None, "safe to edit"),
        (space.SAFE, 30.0, "safe to edit"),
        (space.SAFE + 0.1, 30.0, "edit gently"),
        (space.STRAINED + 0.1, 30.0, "over-fitted: expect artefacts"),
        (1.0, space.LIKENESS - 1, "safe to edit; poor likeness"),
    ],
)
def test_verdicts(typical, psnr, verdict):
    assert space.judge(typical, psnr) == verdict


def test_the_whitening_is_computed_once_a_generator(plain, monkeypatch, tmp_path):
    monkeypatch.setattr(plain.generator, "sha256", "a" * 64)
    first = space.whitening_of(plain.generator)
    monkeypatch.setattr(space, "sample_w", None)  # would fail if it were called
    second = space.whitening_of(plain.generator)
    assert torch.equal(first.axes, second.axes)
    assert (tmp_path / "cache" / "whitening" / f"{'a' * 64}.safetensors").is_file()


def test_statistics_that_ship_are_what_samples_say(monkeypatch):
    generator = load_generator("faces64")
    shipped = space.whitening_of(generator)
    monkeypatch.setattr(space, "SHIPPED", space.SHIPPED / "pictures")  # where there are none
    monkeypatch.setattr(space, "SAMPLES", 20_000)
    estimated = space.whitening_of(generator)
    w = space.sample_w(generator, 500, seed=7)
    for whitening in (shipped, estimated):
        # 1 but for the floor: many of this generator's directions hardly vary
        assert float(whitening.typicality(w).square().mean()) == pytest.approx(0.59, abs=0.03)
    assert torch.allclose(shipped.typicality(w), estimated.typicality(w), rtol=0.03)


def test_samples_do_not_depend_on_how_they_are_chunked(generator, monkeypatch):
    many = space.sample_w(generator, 30, seed=2)
    monkeypatch.setattr(samples, "CHUNK", 30)
    assert torch.allclose(space.sample_w(generator, 30, seed=2), many, atol=1e-6)
    assert not torch.allclose(space.sample_w(generator, 30, seed=3), many, atol=1e-2)
