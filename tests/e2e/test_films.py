"""Films that several processes make, and films that are killed."""

import signal
import time

import numpy as np
import pytest
from PIL import Image

from i2s_lightning.__main__ import TERMINATED, main


@pytest.fixture
def morph(embed, tmp_path):
    embed.fit(tmp_path / "run", steps=1)
    words = ["morph", f"--embedding={tmp_path / 'run'}", f"--generator={embed.generator}", "--images", "a", "b", "c"]
    return lambda out, *more: main([*words, "--scale=4", "--trainer.accelerator=cpu", f"--out={out}", *more])


def test_processes_that_begin_at_once_share_a_film_and_one_writes_it(morph, torchrun, tmp_path):
    """SLURM and torchrun say with variables of their own who is the first."""
    alone, both = tmp_path / "alone", tmp_path / "both"
    morph(alone, "--frames=7")
    machines = ["--trainer.devices=1", "--trainer.num_nodes=2"]
    first, second = torchrun(lambda: morph(both, "--frames=7", "--batch_size=2", *machines), 2, nodes=2)
    assert [first.wait(), second.wait()] == [0, 0], first.text() + second.text()
    assert f"wrote {both}" in first.text()
    assert "wrote" not in second.text()
    for name in (f"{i:04d}.png" for i in range(7)):
        difference = np.array(Image.open(both / name)).astype(int) - np.array(Image.open(alone / name))
        assert abs(difference).max() <= (0 if name in ("0000.png", "0003.png", "0006.png") else 1)


@pytest.fixture
def cut_off(morph, fork, tmp_path):
    """Make a film over another one, and send the process a signal when the first part has reached the disk."""
    pytest.importorskip("av")
    (tmp_path / "films").mkdir()
    film = tmp_path / "films" / "film.mp4"
    film.write_bytes(b"the one before")

    def cut(signum):
        process = fork(lambda: morph(film, "--frames=300"))
        while not any(path.stat().st_size for path in film.parent.glob(".*.mp4")):
            time.sleep(0.001)
        process.send(signum)
        status = process.wait()
        assert film.read_bytes() == b"the one before", process.text()
        return status

    return cut


def test_a_film_that_is_killed_leaves_nothing_under_its_name(morph, fork, cut_off, tmp_path):
    import av

    film = tmp_path / "films" / "film.mp4"
    assert cut_off(signal.SIGKILL) == -signal.SIGKILL
    process = fork(lambda: morph(film, "--frames=300"))
    assert process.wait() == 0, process.text()
    assert "300/300" in process.text()
    with av.open(str(film)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 300


def test_a_film_that_is_ended_leaves_nothing_at_all(cut_off, tmp_path):
    assert cut_off(signal.SIGTERM) == TERMINATED
    assert [path.name for path in (tmp_path / "films").iterdir()] == ["film.mp4"]
