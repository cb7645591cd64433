"""Table, curves, and what the page says of the run."""

import shlex

import numpy as np
import pytest

from i2s_lightning.edits import report as editability
from i2s_lightning.report.about import about
from i2s_lightning.report.curves import QUANTILES, overview
from i2s_lightning.report.pictures import Facts
from i2s_lightning.report.table import make_table


def test_columns_hold_every_number_the_known_ones_first(five):
    table = make_table(five.embedding)
    keys = [column.key for column in table.columns]
    assert keys == ["psnr", "loss", "steps", "w_avg_distance", "typicality", "loss_pixel"]
    assert table.names == sorted(["anna", "ben", "sub/carl", "dora", "Ernst"])
    assert table.numbers["loss"][table.names.index("dora")] is None  # NaN is no number that JSON knows
    assert table.numbers["steps"][table.names.index("Ernst")] == 12


def test_verdicts_are_those_of_editability(five):
    table = make_table(five.embedding)
    wanted = {r.name: (r.verdict, pytest.approx(r.typicality, rel=1e-4)) for r in editability(five.embedding)}
    assert dict(zip(table.names, zip(table.verdicts, table.numbers["typicality"], strict=True), strict=True)) == wanted


def test_without_the_generator_there_are_no_verdicts_but_a_note(five):
    embedding = five.embedding
    embedding._asked_generator = "gone.safetensors"
    table = make_table(embedding)
    assert table.verdicts is None
    assert "gone.safetensors" in table.note
    assert "typicality" not in table.numbers


def curve(i, points=4):
    return Facts(list(range(9, 10 * points, 10)), [(i + 1) / (k + 1) for k in range(points)])


def test_few_curves_are_drawn_all_of_many_examples_over_quantiles():
    few = {i: curve(i) for i in (1, 4, 7)}
    assert overview(few) == {"examples": [1, 4, 7], "band": None}
    assert overview({}) == {"examples": [], "band": None}
    many = {i: curve(i) for i in range(101)}
    drawn = overview(many)
    assert drawn["examples"] == [0, 25, 50, 75, 100]
    assert (drawn["band"]["steps"][0], drawn["band"]["steps"][-1]) == (9, 39)
    wanted = np.quantile([many[i].losses for i in many], QUANTILES, axis=0)
    np.testing.assert_allclose(np.array(drawn["band"]["losses"])[:, [0, -1]], wanted[:, [0, -1]], rtol=1e-3)


def test_a_picture_that_stopped_early_counts_with_its_last_loss():
    many = {i: curve(i, points=2 if i < 50 else 4) for i in range(100)}
    ends = [facts.losses[-1] for facts in many.values()]
    band = overview(many)["band"]
    np.testing.assert_allclose([row[-1] for row in band["losses"]], np.quantile(ends, QUANTILES), rtol=1e-3)


def test_the_command_can_be_given_to_a_shell(run, tmp_path):
    folder = tmp_path / "my 'own' run"
    folder.mkdir()
    (folder / "config.yaml").write_text("out: x\n")
    told = about(run.run, folder)
    words = shlex.split(told.command)
    assert words[:4] == ["python", "-m", "i2s_lightning", "fit"]
    assert words[4:] == ["--config", str(folder / "config.yaml"), "--out", f"{folder}-again"]
    assert told.config == "out: x\n"
    assert ("data.background", "255, 255, 255") in told.settings


def test_without_settings_there_is_no_command(run, tmp_path):
    assert about(run.run, None).command is None
    assert about(run.run, tmp_path).command is None


def test_files_that_could_not_be_read_are_listed(run, tmp_path):
    (tmp_path / "metrics.csv").write_text(
        "name,status,psnr,file,reason\na,done,20,a.png,\nb,skipped,,b.png,it is empty\n"
    )
    assert about(run.run, tmp_path).skipped == [("b.png", "it is empty")]
