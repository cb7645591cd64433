import subprocess
import sys

import pytest

from i2s_lightning.checkpoints.atomic import replacing, sweep_drafts
from i2s_lightning.checkpoints.folder import locked, set_aside
from i2s_lightning.errors import CheckpointError


def test_a_second_run_is_refused_and_told_who_holds_the_folder(tmp_path):
    program = f"""
from pathlib import Path
from i2s_lightning.checkpoints.folder import locked
with locked(Path({str(tmp_path)!r})):
    print("held", flush=True); input()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(CheckpointError, match=f"in use by another run \\(process {holder.pid}\\)"),
            locked(tmp_path),
        ):
            pass
        holder.kill()  # however it ends, the folder is free
    with locked(tmp_path):
        pass


def test_old_results_are_renamed_not_deleted(tmp_path):
    run = tmp_path / "run"
    assert set_aside(run) is None
    run.mkdir()
    (run / "kept").write_text("x")
    aside = set_aside(run)
    assert not run.exists()
    assert (aside / "kept").read_text() == "x"


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "f.txt"
    with pytest.raises(ZeroDivisionError), replacing(path) as draft:
        draft.write_text(f"half {1 / 0}")
    assert not list(tmp_path.iterdir())
    with replacing(path) as draft:
        draft.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"


def test_drafts_of_killed_processes_are_swept(tmp_path):
    (tmp_path / ".f.123.tmp.txt").write_text("half")
    (tmp_path / "f.txt").write_text("whole")
    sweep_drafts(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["f.txt"]
