"""The configs, the example and the document's commands are run, not only read."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from i2s_lightning.__main__ import main

ROOT = Path(__file__).parents[2]
VERBS = ("morph", "mix", "transfer", "edit", "directions")


@pytest.mark.parametrize("verb", VERBS)
def test_configs_are_accepted_and_say_how_to_run_them(verb, capsys):
    config = ROOT / "configs" / f"{verb}.yaml"
    assert config.read_text().startswith(f"# scripts/run {verb} --config configs/{verb}.yaml")
    with pytest.raises(SystemExit) as exit_:
        main([verb, "--config", str(config), "--print_config"])
    assert exit_.value.code == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    for key, value in yaml.safe_load(config.read_text()).items():
        assert printed[key] == value


def test_the_example_runs(run, tmp_path, monkeypatch):
    monkeypatch.setenv("I2S_CACHE", str(tmp_path / "cache"))
    example = [sys.executable, str(ROOT / "scripts" / "examples" / "edit_pictures.py"), run, str(tmp_path / "out")]
    done = subprocess.run(example, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "3 pictures: ann, bob, carol" in done.stdout
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"morph.gif", "mix.png", "transfer.png", "sefa.safetensors", "gallery.png", "edit.png"}


def test_the_document_shows_only_pictures_that_its_commands_make():
    text = (ROOT / "docs" / "edits.md").read_text()
    commands = runpy.run_path(str(ROOT / "scripts" / "make_edit_pictures.py"))["commands"](text)
    made = {Path(word).name for words in commands for word in words if word.startswith("docs/images/")}
    assert made == {Path(name).name for name in re.findall(r"!\[.*?\]\((images/.*?)\)", text)}
    assert len(made) == 7


@pytest.mark.slow
def test_the_commands_of_the_document_work(keep, tmp_path, monkeypatch):
    names = ("anna", "anna_laugh", "ben", "grace", "leo", "ruth", "astronaut", "chelsea")
    embedding = keep(names, generator="faces64")
    monkeypatch.chdir(tmp_path)
    words = ["make_edit_pictures.py", "--embedding", embedding, "--draft", embedding]
    words += ["--images", str(tmp_path / "images")]
    monkeypatch.setattr(sys, "argv", words)
    script = runpy.run_path(str(ROOT / "scripts" / "make_edit_pictures.py"))
    assert script["main"]() == 0
    assert len(list((tmp_path / "images").iterdir())) == 7
