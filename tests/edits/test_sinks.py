import sys

import numpy as np
import pytest
from PIL import Image

from i2s_lightning import edits
from i2s_lightning.errors import ConfigError
from i2s_lightning.ops.images import to_uint8


@pytest.fixture
def edit(plain):
    return edits.morph(plain, ["ann", "bob"], frames=5)


def pixels(edit):
    return to_uint8(edit.render()).numpy()


def test_a_folder_holds_the_frames_exactly(edit, tmp_path):
    edit.save(tmp_path / "a" / "frames")
    files = sorted((tmp_path / "a" / "frames").iterdir())
    assert [file.name for file in files] == [f"000{i}.png" for i in range(5)]
    assert np.array_equal(np.stack([np.array(Image.open(file)) for file in files]), pixels(edit))
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["frames"]


def test_scale_repeats_pixels(edit, tmp_path):
    edit.save(tmp_path / "frames", scale=3)
    assert np.array_equal(np.array(Image.open(tmp_path / "frames" / "0000.png"))[::3, 1::3], pixels(edit)[0])


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_animations_repeat_for_ever(edit, tmp_path, ending):
    edit.save(tmp_path / f"a.{ending}", fps=20, scale=4)
    with Image.open(tmp_path / f"a.{ending}") as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (5, (64, 64), 0)
        image.seek(2)
        shown = np.array(image.convert("RGB")).astype(int)
        assert image.info["duration"] == 50
    assert abs(shown - pixels(edit)[2].repeat(4, 0).repeat(4, 1)).mean() < 8


def test_a_film_shows_the_frames(edit, tmp_path):
    av = pytest.importorskip("av")
    edit.save(tmp_path / "a.mp4", fps=12.5, scale=4)
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert float(film.streams.video[0].average_rate) == 12.5
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(frames) == 5
    assert abs(frames[0] - pixels(edit)[0].repeat(4, 0).repeat(4, 1)).mean() < 10
    assert sorted(p.name for p in tmp_path.glob("*.mp4")) == ["a.mp4"]


def test_a_film_of_odd_size_gets_an_even_one(tmp_path):
    av = pytest.importorskip("av")
    from i2s_lightning.edits.sinks import Look, open_sink

    with open_sink(tmp_path / "odd.mp4", Look()) as add:
        for shade in range(3):
            add(np.full((33, 31, 1), 50 * shade, np.uint8))  # greyscale too
    with av.open(str(tmp_path / "odd.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert [frame.shape for frame in frames] == [(34, 32, 3)] * 3
    assert abs(frames[2].astype(int) - 100).max() < 6


def test_a_sheet_shows_every_cell_with_its_caption(plain, tmp_path):
    edit = edits.mix(plain, ["ann"], ["bob", "carol"])
    edit.save(tmp_path / "grid.png")
    page = np.array(Image.open(tmp_path / "grid.png"))
    stored = to_uint8(plain.render(["bob", "ann"])).numpy()
    for picture in stored:
        windows = np.lib.stride_tricks.sliding_window_view(page, (16, 16, 3))[:, :, 0]
        assert (windows == picture).all(axis=(2, 3, 4)).sum() == 1


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.png", "frames"])
def test_nothing_half_done_is_left(edit, tmp_path, name, monkeypatch):
    def fail(self, shot, rendered=[]):  # noqa: B006 - counts the calls
        rendered.append(shot)
        if len(rendered) == 3:
            raise KeyboardInterrupt
        return original(self, shot)

    original = edits.Edit.render_shot
    monkeypatch.setattr(edits.Edit, "render_shot", fail)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        edit.save(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_old_film_stays_until_the_new_one_is_whole(edit, tmp_path, monkeypatch):
    (tmp_path / "a.gif").write_bytes(b"old")
    monkeypatch.setattr(edits.Edit, "render_shot", lambda self, shot: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        edit.save(tmp_path / "a.gif")
    assert (tmp_path / "a.gif").read_bytes() == b"old"


def test_targets_that_do_not_work(edit, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="full is not an empty folder; delete it or give another one"):
        edit.save(tmp_path / "full")
    with pytest.raises(ConfigError, match=r"out must end in \.mp4, \.gif, \.webp or \.png, or be a folder"):
        edit.save(tmp_path / "a.avi")
    with pytest.raises(ConfigError, match="scale and columns must be at least 1"):
        edit.save(tmp_path / "a.png", scale=0)


def test_without_pyav_the_message_says_how_to_get_it(edit, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r'not installed: pip install "av>=14,<19"; or give --out the ending .gif'):
        edit.save(tmp_path / "a.mp4")
