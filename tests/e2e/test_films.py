"""A long film is killed: what is there under its name?"""

import signal
import time

import pytest

from i2s_lightning.commands.morph import main


@pytest.fixture
def morph(embed, tmp_path):
    embed.fit(tmp_path / "run", steps=1)
    images = ["--images", "a", "b", "c", "--frames=300", "--scale=4", "--trainer.accelerator=cpu"]
    return lambda out: main(
        [f"--embedding={tmp_path / 'run'}", f"--generator={embed.generator}", *images, f"--out={out}"]
    )


def test_a_film_that_is_killed_leaves_nothing_under_its_name(morph, fork, tmp_path):
    av = pytest.importorskip("av")
    (tmp_path / "films").mkdir()
    film = tmp_path / "films" / "film.mp4"
    film.write_bytes(b"the one before")
    process = fork(lambda: morph(film))
    while not any(path.stat().st_size for path in film.parent.glob(".*.mp4")):
        time.sleep(0.001)
    process.send(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, process.text()
    assert film.read_bytes() == b"the one before"
    process = fork(lambda: morph(film))
    assert process.wait() == 0, process.text()
    assert "300/300" in process.text()
    with av.open(str(film)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 300
