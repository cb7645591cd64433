"""Files that are not what they were, and disks that take no more."""

import os
import shutil
import subprocess

import pytest
import torch

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main
from i2s_lightning.checkpoints.folder import locked


@pytest.fixture
def words(embed):
    pixel = '{"pixel": {"class_path": "PixelLoss"}}'
    return [
        *("fit", f"--data.path={embed.folder}", "--data.batch_size=2", f"--model.generator={embed.generator}"),
        *(f"--model.losses={pixel}", "--model.init=random_uniform", "--model.steps=4", "--model.round_steps=2"),
        *("--trainer.accelerator=cpu", "--trainer.logger=false", "--trainer.enable_progress_bar=false"),
    ]


def same(a, b):
    one, two = load_embedding(a), load_embedding(b)
    return one.names == two.names and torch.equal(one.ws, two.ws) and dict(one.metrics) == dict(two.metrics)


def test_every_file_of_a_run_may_be_torn(words, tmp_path, caplog):
    """All at once, and with what a killed process leaves; whatever is read again is noticed and made again."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    assert main([*words, f"--out={whole}"]) == 0
    shutil.copytree(whole, torn)
    files = [path for path in torn.rglob("*") if path.is_file()]
    for path in files:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (torn / "latents" / ".000009-000.77.tmp.safetensors").write_bytes(b"half")
    assert main([*words, f"--out={torn}"]) == 0
    assert same(whole, torn)
    assert len(list(torn.rglob("*.damaged"))) == len(list((whole / "latents").glob("0*"))) + 2
    for name in ("embedding.json", "last.ckpt", "000000-000.safetensors"):
        assert f"{name} is damaged" in caplog.text
    assert not list(torn.rglob("*.tmp*"))
    assert (torn / "metrics.csv").read_bytes() == (whole / "metrics.csv").read_bytes()


def test_settings_are_known_without_the_file_that_holds_them(words, tmp_path, capsys):
    out = f"--out={tmp_path / 'run'}"
    main([*words, out])
    (tmp_path / "run" / "embedding.json").unlink()
    assert main([*words, out, "--model.steps=5"]) == 1
    assert "steps: 4 -> 5" in capsys.readouterr().err


def test_a_second_run_on_a_folder_is_refused_and_changes_nothing(words, tmp_path, capsys):
    with locked(tmp_path / "run"):
        assert main([*words, f"--out={tmp_path / 'run'}"]) == 1
    assert f"run is in use by another run (process {os.getpid()})" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


@pytest.fixture
def disk(tmp_path):
    """A disk of its own size: ``disk(kilobytes)`` makes it, or changes its size."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def resize(kilobytes):
        how = "remount," if folder.is_mount() else ""
        command = ["mount", "-t", "tmpfs", "-o", f"{how}size={kilobytes}k", "tmpfs", folder]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("needs the right to mount a small disk (root)")
        return folder

    yield resize
    if folder.is_mount():
        # lazy: latents that were read are mapped files
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_says_so_and_everything_before_is_whole(words, disk, tmp_path, capsys):
    """A real one: libraries in C++ don't raise OSError when they can't write."""
    assert main([*words, f"--out={tmp_path / 'whole'}"]) == 0
    needed = sum(path.stat().st_size for path in (tmp_path / "whole").rglob("*") if path.is_file()) // 1024
    for size in (40, needed // 2):  # the first checkpoint; later
        out = disk(size) / f"run{size}"
        assert main([*words, f"--out={out}"]) == 1
        assert "error: the disk is full" in capsys.readouterr().err
        assert not list(out.rglob("*.tmp*"))
        disk(10 * needed)
        assert main([*words, f"--out={out}"]) == 0
        assert same(out, tmp_path / "whole")
        assert not list(out.rglob("*.damaged"))
        shutil.rmtree(out)
