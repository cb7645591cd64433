import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import i2s_lightning
from i2s_lightning.data import check_pictures, list_pictures, read_picture

PICTURES = Path(i2s_lightning.__file__).parent / "assets/pictures"
SCRIPT = Path(__file__).parents[2] / "scripts/make_pictures.py"
NAMES = ["anna", "anna_laugh", "astronaut", "ben", "chelsea", "grace", "leo", "ruth"]


def test_all_are_there_readable_and_small():
    good, bad = check_pictures(list_pictures(PICTURES))
    assert [picture.name for picture in good] == NAMES
    assert not bad
    assert sum(picture.path.stat().st_size for picture in good) < 1_000_000
    for picture in good:
        height, width, _ = read_picture(picture.path, 3).shape
        assert 128 <= height == width <= 256


@pytest.mark.parametrize("document", [PICTURES / "README.md", PICTURES.parents[2] / "NOTICE"])
def test_each_is_credited(document):
    text = document.read_text(encoding="utf-8")
    for name in NAMES:
        assert f"{name}.png" in text


@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
def test_script_reproduces_the_photographs(name, tmp_path):
    runpy.run_path(str(SCRIPT))["main"](tmp_path)
    np.testing.assert_array_equal(Image.open(tmp_path / f"{name}.png"), Image.open(PICTURES / f"{name}.png"))


def test_two_expressions_of_one_person():
    """Only the face differs: the backdrop, a fifth of the picture on the left and right, is the same."""
    neutral, laugh = (read_picture(PICTURES / f"{name}.png", 3).astype(int) for name in ("anna", "anna_laugh"))
    differs = np.abs(neutral - laugh).max(axis=2) > 8
    assert not differs[:, :16].any()
    assert not differs[:, 112:].any()
    assert differs[80:110, 40:90].mean() > 0.3
