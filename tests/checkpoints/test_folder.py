import errno
import subprocess
import sys
from contextlib import nullcontext

import pytest
from safetensors import SafetensorError

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
    (tmp_path / "renders" / "sub").mkdir(parents=True)
    for name in (".f.123.tmp.txt", "renders/sub/.f.g.4.tmp.png", ".lock", "f.txt", "renders/sub/a.tmp.png", ".a.tmp"):
        (tmp_path / name).touch()
    sweep_drafts(tmp_path)
    left = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {".lock", "f.txt", "renders/sub/a.tmp.png", ".a.tmp"}


@pytest.mark.parametrize("stem", ["f", "a.b", "000001-000"])
@pytest.mark.parametrize("ending", ["", ".png"])
def test_what_replacing_writes_is_what_is_swept(tmp_path, stem, ending):
    with replacing(tmp_path / f"{stem}{ending}") as draft:
        draft.touch()
        sweep_drafts(tmp_path)
        assert not draft.exists()
        draft.touch()


def test_a_full_disk_that_safetensors_tells_in_words_is_one(tmp_path):
    """By the time that it is asked, the disk may have room again."""
    words = "Error while serializing: I/O error: No space left on device (os error 28)"
    with pytest.raises(OSError, match="No space left") as caught, replacing(tmp_path / "f.safetensors"):
        raise SafetensorError(words)
    assert caught.value.errno == errno.ENOSPC


def test_the_system_says_that_the_disk_is_full_where_a_library_does_not(tmp_path, monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def writes_in_cpp(draft):
        draft.write_bytes(b"half")
        monkeypatch.setattr(type(draft), "open", lambda *args: nullcontext(Full()))
        raise RuntimeError("unexpected pos 576 vs 534")

    with pytest.raises(OSError, match="No space left"), replacing(tmp_path / "f.ckpt") as draft:
        writes_in_cpp(draft)
