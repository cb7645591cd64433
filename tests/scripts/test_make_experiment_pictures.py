import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "i2s_lightning/assets/experiments"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(ROOT / "scripts/make_experiment_pictures.py"))


@pytest.mark.parametrize("name", ["coffee", "rocket"])
def test_makes_the_photographs_again(script, name):
    assert np.array_equal(Image.open(ASSETS / f"objects/{name}.png"), script[name]())


def test_makes_the_renders_again(script):
    shipped = np.asarray(Image.open(ASSETS / "truth/ben_laugh.png")).astype(int)
    difference = np.abs(script["portrait"]("ben", "laugh") - shipped)
    assert difference.mean() < 0.05  # of 255; a sample on an edge may fall to the other side elsewhere
    assert np.abs(np.asarray(Image.open(ASSETS / "targets/ben.png")) - shipped).mean() > 0.5


def test_boxes_lie_on_the_parts_of_a_face(script):
    """The renders are aligned: eyes at about (52, 65) and (76, 65), the mouth at y 94, of 128."""
    boxes = json.loads((ASSETS / "boxes.json").read_text())
    assert boxes.pop("photographs/astronaut") == script["ASTRONAUT"]
    assert set(boxes) == {f"faces/{name}" for name in script["PEOPLE"]}
    for parts in boxes.values():
        centres = {
            part: [((a + c) / 2 * 128, (b + d) / 2 * 128) for a, b, c, d in found] for part, found in parts.items()
        }
        assert np.allclose(centres["eyes"], [(52, 65), (76, 65)], atol=4)
        assert np.allclose(centres["mouth"], [(64, 94)], atol=5)
        assert np.allclose(centres["nose"], [(64, 74)], atol=8)


def test_small_and_documented():
    files = list(ASSETS.rglob("*.png"))
    assert sum(path.stat().st_size for path in files) < 300_000
    text = (ASSETS / "README.md").read_text()
    notice = (ROOT / "NOTICE").read_text()
    for path in files:
        name = f"{path.parent.name}/{path.name}"
        assert name in notice or f"{path.parent.name}/*.png" in notice
        assert f"`{path.parent.name}/" in text
        assert path.stem.split("_")[0] in text
