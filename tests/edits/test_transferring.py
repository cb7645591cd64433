import logging

import pytest
import torch

from i2s_lightning import edits
from i2s_lightning.errors import CheckpointError, ConfigError
from i2s_lightning.ops.latents import smooth_sequence


def test_the_difference_is_added(plain):
    edit = edits.transfer(plain, "ann", "dave_1", "dave_2", strength="-1:1:3", threshold=0.0, layers="0-3")
    difference = plain["dave_2"] - plain["dave_1"]
    assert torch.allclose(edit.ws[0, :4], (plain["ann"] - difference)[:4], atol=1e-6)
    assert torch.equal(edit.ws[1], plain["ann"])
    assert torch.allclose(edit.ws[2, :4], (plain["ann"] + difference)[:4], atol=1e-6)
    assert torch.equal(edit.ws[2, 4:], plain["ann"][4:])


def test_layers_that_hardly_differ_are_left_out(plain):
    norms = (plain["dave_2"] - plain["dave_1"]).norm(dim=1)
    threshold = float(norms.median()) + 1e-3
    ws = edits.transfer(plain, "ann", "dave_1", "dave_2", threshold=threshold).ws[0]
    assert torch.equal((ws != plain["ann"]).any(dim=1), norms >= threshold)


def test_a_warning_says_when_nothing_is_left(plain, caplog):
    with caplog.at_level(logging.WARNING):
        edit = edits.transfer(plain, "ann", "dave_1", "dave_2", threshold=1e6)
    assert torch.equal(edit.ws[0], plain["ann"])
    assert "dave_2: no layer differs by 1e+06 or more, so nothing changes; lower --threshold" in caplog.text


def test_a_sequence_of_expressions_makes_one_row(plain):
    edit = edits.transfer(plain, ["ann", "bob"], "dave_1", ["carol", "dave_*"], threshold=0.0)
    assert edit.columns == 4
    assert [shot.caption for shot in edit.shots] == ["carol", "dave_1", "dave_2"] * 2
    assert torch.equal(edit.ws[1], plain["ann"] + 0)  # dave_1 is the neutral frame itself


def test_sequences_are_smoothed_over_time(plain):
    names = ["carol", "dave_1", "dave_2"]
    edit = edits.transfer(plain, "ann", "bob", names, threshold=0.0, smooth=1.0)
    differences = smooth_sequence(torch.stack([plain[name] - plain["bob"] for name in names]), 1.0)
    assert torch.allclose(edit.ws, plain["ann"] + differences, atol=1e-5)


def test_expressions_may_come_from_another_run(keep, plain):
    source = keep(plain.generator, names=("rest", "smile"), folder="other", seed=5)
    ws = edits.transfer(plain, "ann", "rest", "smile", threshold=0.0, source=source).ws[0]
    assert torch.allclose(ws, plain["ann"] + source["smile"] - source["rest"], atol=1e-5)


def test_expressions_of_another_generator_are_refused(keep, plain):
    source = keep(plain.generator, names=("rest", "smile"), folder="other")
    source.run["generator"]["sha256"] = "0" * 64
    with pytest.raises(CheckpointError, match="embedded with another generator"):
        edits.transfer(plain, "ann", "rest", "smile", source=source)


def test_only_what_the_directions_can_say_is_transferred(plain, tmp_path):
    generator = plain.generator
    ws = torch.randn(2, generator.num_ws, generator.w_dim, generator=torch.Generator().manual_seed(0))
    known = {name: edits.Direction(name, row) for name, row in zip("ab", ws, strict=True)}
    edits.save_directions(tmp_path / "d.safetensors", known, generator)
    edit = edits.transfer(plain, "ann", "dave_1", "dave_2", within=str(tmp_path / "d.safetensors"), threshold=0)
    difference = (plain["dave_2"] - plain["dave_1"]).flatten().double()
    amounts = torch.linalg.lstsq(ws.flatten(1).double().T, difference[:, None]).solution
    expected = (ws.flatten(1).double().T @ amounts).reshape(ws.shape[1:])
    assert torch.allclose(edit.ws[0] - plain["ann"], expected.float(), atol=1e-5)


def test_directions_take_the_place_of_the_threshold(plain, tmp_path):
    known = {"flat": edits.Direction("flat", torch.ones(plain.generator.num_ws, plain.generator.w_dim))}
    edits.save_directions(tmp_path / "d.safetensors", known, plain.generator)
    free, cut = (
        edits.transfer(plain, "ann", "dave_1", "dave_2", within=str(tmp_path / "d.safetensors"), threshold=threshold)
        for threshold in (0, 1e6)
    )
    assert torch.equal(free.ws, cut.ws)
    assert not torch.equal(cut.ws[0], plain["ann"])


def test_directions_of_another_generator_may_be_forced(plain, tmp_path, monkeypatch):
    file = str(tmp_path / "d.safetensors")
    edits.save_directions(file, edits.find_sefa(plain.generator, 1), plain.generator)
    monkeypatch.setattr(plain.generator, "sha256", "f" * 64)
    with pytest.raises(CheckpointError, match="or force it"):
        edits.transfer(plain, "ann", "dave_1", "dave_2", within=file)
    assert len(edits.transfer(plain, "ann", "dave_1", "dave_2", within=file, force=True).ws) == 1


def test_a_word_that_is_nearly_the_right_one(plain):
    with pytest.raises(ConfigError, match="no file of directions at expression; `expressions` are those that come"):
        edits.transfer(plain, "ann", "dave_1", "dave_2", within="expression")


def test_a_generator_without_expressions_says_how_to_learn_some(plain):
    with pytest.raises(ConfigError, match="needs a file: learn some from labelled pictures with `directions --method"):
        edits.transfer(plain, "ann", "dave_1", "dave_2", within="expressions")
