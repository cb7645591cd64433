import numpy as np
import pytest
from PIL import Image

from i2s_lightning.report import Facts, PictureFolder

RECORD = {"name": "sub/anna", "status": "done", "psnr": 20.0}


def noise(side, channels=3):
    return np.random.default_rng(side).integers(0, 256, (side, side, channels), dtype=np.uint8)


def plain(facts):
    return Facts(list(facts.steps), list(facts.losses), facts.note)


@pytest.mark.parametrize("channels", [1, 3])
def test_small_pictures_are_kept_exactly(tmp_path, channels):
    pictures = PictureFolder(tmp_path, (16, 16))
    pictures.write(RECORD, noise(16, channels), 255 - noise(16, channels), Facts())
    read = [np.asarray(Image.open(pictures.path(role, "sub/anna"))) for role in ("embedding", "target")]
    assert (read[0] == noise(16, channels).squeeze()).all()
    assert (read[1] == 255 - noise(16, channels).squeeze()).all()


def test_large_pictures_are_reduced(tmp_path):
    pictures = PictureFolder(tmp_path, (1024, 768))
    assert (pictures.height, pictures.width, pictures.exact) == (512, 384, False)
    coarse = noise(4).repeat(256, 0).repeat(192, 1)
    pictures.write(RECORD, coarse, coarse, Facts([1], [0.5]))
    path = pictures.path("embedding", "sub/anna")
    assert path.suffix == ".jpg"
    wanted = noise(4).repeat(128, 0).repeat(96, 1).astype(int)
    assert np.abs(np.asarray(Image.open(path)) - wanted).mean() < 1.5
    assert plain(pictures.read(RECORD)) == Facts([1], [0.5])


def test_facts_belong_to_one_result(tmp_path):
    pictures = PictureFolder(tmp_path, (16, 16))
    assert pictures.read(RECORD) is None
    pictures.write(RECORD, noise(16), None, Facts([1, 2], [0.5, 0.25], "no target"))
    assert plain(pictures.read(RECORD)) == Facts([1, 2], [0.5, 0.25], "no target")
    assert not pictures.path("target", "sub/anna").exists()
    assert pictures.read(RECORD | {"psnr": 21.0}) is None


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_damaged_files_count_as_missing(tmp_path, content):
    pictures = PictureFolder(tmp_path, (16, 16))
    pictures.write(RECORD, noise(16), None, Facts())
    pictures.path("embedding", "sub/anna").write_bytes(content)
    assert pictures.read(RECORD) is None


@pytest.mark.parametrize("side", [16, 300])
@pytest.mark.parametrize("role", ["embedding", "target"])
def test_a_picture_whose_end_is_missing_counts_as_missing(tmp_path, side, role):
    """Its facts stand in front of its pixels, and can be read all the same."""
    pictures = PictureFolder(tmp_path, (side, side))
    pictures.write(RECORD, noise(side), noise(side), Facts([1], [0.5]))
    path = pictures.path(role, "sub/anna")
    assert pictures.read(RECORD) is not None
    path.write_bytes(path.read_bytes()[:-200])
    assert pictures.read(RECORD) is None
    pictures.write(
        RECORD, noise(side), None, Facts(note="gone")
    )  # not to be had again: the page says so, and shows none
    assert pictures.read(RECORD).note == "gone"


def test_pictures_of_others_count_as_missing(tmp_path):
    pictures = PictureFolder(tmp_path, (16, 16))
    for comment in ({}, {"comment": "hello"}, {"comment": "{}"}):
        path = pictures.path("embedding", "sub/anna")
        path.parent.mkdir(parents=True, exist_ok=True)
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        for key, value in comment.items():
            text.add_text(key, value)
        Image.fromarray(noise(16)).save(path, pnginfo=text)
        assert pictures.read(RECORD) is None


def test_long_curves_keep_their_ends_and_no_broken_values():
    losses = [1 / (i + 1) for i in range(1000)]
    losses[500] = float("nan")
    thin = Facts(range(1000), losses, "why").thinned()
    assert len(thin.steps) == len(thin.losses) == 100
    assert (thin.steps[0], thin.steps[-1], thin.losses[0], thin.note) == (0, 999, 1.0, "why")
    assert max(np.diff(thin.steps)) <= 12
    short = Facts([1, 2, 3], [0.5, float("inf"), 0.123456])
    assert short.thinned() == Facts([1, 3], [0.5, 0.1235])
