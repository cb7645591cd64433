"""The studio's options; what it does in a browser is tested in tests/studio."""

import pytest
import torch

from i2s_lightning import load_embedding, load_generator
from i2s_lightning.__main__ import main
from i2s_lightning.commands import studio
from i2s_lightning.edits import Direction, direction_files, save_directions
from i2s_lightning.studio.hosts import is_local


@pytest.fixture
def served(monkeypatch):
    """What the server was given, instead of a server."""
    given = {}
    monkeypatch.setattr(studio, "serve", lambda *positional, **named: given.update(named, positional=positional))
    return given


def test_without_gradio_it_says_what_to_install(run, monkeypatch, capsys):
    monkeypatch.setattr(studio, "find_spec", {}.get)  # nothing is installed
    assert main(["studio", "--embedding", run]) == 1
    error = capsys.readouterr().err
    assert error == 'error: the studio needs Gradio, which is not installed: pip install "i2s_lightning[studio]"\n'


def test_it_listens_on_this_machine_alone_and_warns_otherwise(run, served, capsys):
    assert main(["studio", "--embedding", run]) == 0
    assert served["host"] == "127.0.0.1"
    assert capsys.readouterr().err == ""
    assert main(["studio", "--embedding", run, "--host", "0.0.0.0", "--port", "8000"]) == 0
    assert (served["host"], served["port"]) == ("0.0.0.0", 8000)
    assert "warning: other machines can reach 0.0.0.0" in capsys.readouterr().err


LOCAL = ("127.0.0.1", "127.8.8.8", "localhost", "::1")
REMOTE = ("0.0.0.0", "::", "192.168.0.7", "localhost.evil.example", "127.0.0.1.evil.example")


def test_which_addresses_are_local():
    assert all(map(is_local, LOCAL))
    assert not any(map(is_local, REMOTE))


def test_pictures_to_offer_are_chosen(run, served, monkeypatch, capsys):
    assert main(["studio", "--embedding", run, "--images", "carol", "b*"]) == 0
    assert served["positional"][0].names == ["carol", "bob"]
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(studio, "MOST_NAMES", 2)
    assert main(["studio", "--embedding", run]) == 0
    assert served["positional"][0].names == ["ann", "bob"]
    assert capsys.readouterr().out == "offering the first 2 of 3 pictures; choose others with --images\n"


def test_options_reach_the_studio(run, served, generator_file, tmp_path):
    generator = load_generator(generator_file)
    save_directions(tmp_path / "d.safetensors", {"smile": Direction("smile", torch.ones(6, 16))}, generator)
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes(generator_file.read_bytes())
    words = ["--directions", str(tmp_path / "d.safetensors"), "--generator", str(moved), "--out", str(tmp_path / "out")]
    words += ["--init", "auto", "--steps", "77", "--upload_megapixels", "0.5", "--upload_megabytes", "3"]
    assert main(["studio", "--embedding", run, *words]) == 0
    shared, path = served["positional"]
    assert path == run
    assert list(shared.directions) == ["smile"]
    assert (shared.out, shared.init, shared.most_pixels) == (tmp_path / "out", "auto", 500_000)
    assert (served["steps"], served["upload_megabytes"]) == (77, 3)
    assert shared.names == shared.embedding.names == load_embedding(run).names
    assert shared.embedding.run["generator"]["file"] == str(moved)


def test_expressions_of_the_generator_reach_the_studio(run, served, generator_file, tmp_path, monkeypatch):
    assert main(["studio", "--embedding", run]) == 0
    assert served["positional"][0].expressions is None
    monkeypatch.setattr(direction_files, "SHIPPED", tmp_path)
    (tmp_path / "expressions").mkdir()
    known = {"laugh": Direction("laugh", torch.ones(6, 16))}
    save_directions(tmp_path / "expressions" / "d.safetensors", known, load_generator(generator_file))
    assert main(["studio", "--embedding", run]) == 0
    shared = served["positional"][0]
    assert shared.directions == {}
    assert torch.allclose(shared.expressions.abs(), torch.full((1, 6, 16), 96**-0.5))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--embedding nowhere", "no embedding at nowhere"),
        ("--images dave", "no picture 'dave'"),
        ("--steps 5000", "steps must lie in 50..500; got 5000"),
        ("--directions nowhere.safetensors", "no file of directions at nowhere.safetensors"),
    ],
)
def test_mistakes_are_told_in_one_line(run, served, words, message, capsys):
    assert main(["studio", "--embedding", run, *words.split()]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert served == {}
