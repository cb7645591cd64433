"""Directions, reports and neighbours on the command line."""

import csv

import numpy as np
import pytest
from PIL import Image

from i2s_lightning import edits, load_embedding
from i2s_lightning.__main__ import main
from i2s_lightning.edits import space
from i2s_lightning.ops.images import to_uint8


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("I2S_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(space, "SAMPLES", 2000)


@pytest.mark.parametrize("method", ["sefa", "ganspace"])
def test_directions_are_found_shown_and_used(run, tmp_path, generator_file, method, capsys):
    file, sheet, frames = tmp_path / "d.safetensors", tmp_path / "gallery.png", tmp_path / "frames"
    words = ["directions", "--method", method, "--generator", str(generator_file), "--count", "3", "--layers", "2-5"]
    assert main([*words, "--out", str(file), "--gallery", str(sheet), "--strength", "-2:2:3"]) == 0
    assert f"{method}_00, {method}_01, {method}_02" in capsys.readouterr().out
    assert np.array(Image.open(sheet)).shape[1] > 4 * 16
    words = [
        "edit",
        "--embedding",
        run,
        "--direction",
        f"{file}:{method}_01",
        "--images",
        "ann",
        "--strength",
        "0",
        "2",
    ]
    quiet = ["--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"]
    assert main([*words, "--out", str(frames), *quiet]) == 0
    e = load_embedding(run)
    expected = to_uint8(edits.edit(e, "ann", direction=f"{file}:{method}_01", strength=[0, 2]).render()).numpy()
    got = [np.array(Image.open(frames / f"000{i}.png")) for i in range(2)]
    assert np.array_equal(np.stack(got), expected)
    assert not np.array_equal(got[0], got[1])


def test_boundaries_come_from_labels(run, tmp_path):
    (tmp_path / "labels.csv").write_text("name,smile\nann,1\nbob,0\ncarol,0\n")
    words = ["directions", "--method", "boundary", "--embedding", run, "--labels", str(tmp_path / "labels.csv")]
    assert main([*words, "--out", str(tmp_path / "d.safetensors")]) == 0
    e = load_embedding(run)
    direction = edits.find_direction(f"{tmp_path}/d.safetensors:smile", e.generator).ws[0]
    means = {name: float(e[name].mean(0) @ direction) for name in e.names}
    assert means["ann"] > max(means["bob"], means["carol"])


def test_the_report_is_a_table_and_a_file(run, tmp_path, capsys):
    assert main(["editability", "--embedding", run, "--out", str(tmp_path / "r.csv")]) == 0
    shown = capsys.readouterr().out
    assert "Editability" in shown
    with (tmp_path / "r.csv").open() as file:
        rows = list(csv.DictReader(file))
    expected = edits.report(load_embedding(run))
    assert [row["name"] for row in rows] == ["ann", "bob", "carol"]
    assert [float(row["typicality"]) for row in rows] == pytest.approx([r.typicality for r in expected])


def test_neighbours_are_listed(run, capsys):
    assert main(["neighbours", "--embedding", run, "--image", "ann", "--count", "1"]) == 0
    distance, name = capsys.readouterr().out.split()
    assert [(name, pytest.approx(float(distance), abs=1e-3))] == edits.neighbours(load_embedding(run), "ann", 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("directions --method sefa --out d.safetensors", "say in which generator"),
        ("directions --method sefa --generator faces64 --out d.pt", "out must end in .safetensors; got 'd.pt'"),
        ("directions --method sefa --generator faces64 --count 0 --out d.safetensors", "count must be at least 1"),
        ("directions --method boundary --generator faces64 --out d.safetensors", "needs --embedding and --labels"),
    ],
)
def test_mistakes_are_told(words, message, capsys):
    assert main(words.split()) == 1
    assert message in capsys.readouterr().err
