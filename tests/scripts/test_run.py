"""The newcomer's command: sets up once, whatever is asked for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose Python says what it is asked to do, and does nothing."""
    (tmp_path / "scripts").mkdir()
    for name in ("run", "test", "env"):
        shutil.copy(SCRIPTS / name, tmp_path / "scripts")
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    return tmp_path


def asked(checkout, *words):
    """Run a script; list what Python was asked to do."""
    environment = os.environ | {"PYTHON": "true"}  # new enough
    done = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_packages_are_installed_once_and_not_for_every_verb(checkout):
    install, fit = asked(checkout, "scripts/run", "fit", "--config", "a.yaml")
    assert install.endswith("-c constraints.txt -e .")
    assert fit == "-m i2s_lightning fit --config a.yaml"
    assert asked(checkout, "scripts/run", "morph") == ["-m i2s_lightning morph"]


def test_other_pins_are_installed(checkout):
    asked(checkout, "scripts/run", "fit")
    later = (checkout / ".venv" / ".installed").stat().st_mtime + 10
    os.utime(checkout / "constraints.txt", (later, later))
    assert len(asked(checkout, "scripts/run", "fit")) == 2


def test_tests_have_an_extra_of_their_own(checkout):
    install, test = asked(checkout, "scripts/test", "-q")
    assert install.endswith("-e .[dev]")
    assert test.startswith("-m pytest")
    assert test.endswith("-q")
