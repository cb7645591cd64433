"""Make what the experiments ship beside the quick start's pictures.

python scripts/make_experiment_pictures.py [FOLDER]     # default: i2s_lightning/assets/experiments

Photographs are cut out of those that scikit-image carries. Renders are people of the quick start with a neutral face
and with the laugh that a perfect expression transfer would give them; boxes are where eyes, nose and mouth of the quick
start's faces lie. The README in that folder says where everything comes from.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from faces.assets import FaceAssets, load_assets
from faces.people import Person
from faces.portrait import build_scene, person_of, preset_actions, render
from PIL import Image
from skimage import data
from torch import Tensor

FOLDER = Path(__file__).parents[1] / "i2s_lightning/assets/experiments"
SEED = 20261123
PEOPLE = {"anna": 11, "ben": 4, "grace": 3, "leo": 17, "ruth": 32}
TARGETS = ("ben", "grace", "leo")
SIDE, SUPERSAMPLING = 128, 4
Box = list[float]
ASTRONAUT = {  # read off the picture by eye
    "eyes": [[0.32, 0.43, 0.455, 0.52], [0.555, 0.43, 0.7, 0.525]],
    "nose": [[0.44, 0.5, 0.565, 0.645]],
    "mouth": [[0.385, 0.65, 0.6, 0.76]],
}


def coffee() -> np.ndarray:
    """The cup, from above; reduced by averaging 3 x 3 pixels."""
    return thirds(data.coffee()[5:395, 90:480])


def rocket() -> np.ndarray:
    """The rocket in the middle of its towers; reduced by averaging 3 x 3 pixels."""
    return thirds(data.rocket()[28:427, 123:522])


def thirds(pixels: np.ndarray) -> np.ndarray:
    height, width, _ = pixels.shape
    blocks = pixels.reshape(height // 3, 3, width // 3, 3, 3).astype(np.uint16)
    return ((blocks.sum(axis=(1, 3)) + 4) // 9).astype(np.uint8)


def portrait(name: str, expression: str) -> np.ndarray:
    person = person_of(SEED, PEOPLE[name]).with_actions(preset_actions(expression))
    return render(person, SIDE, SUPERSAMPLING)


def boxes(assets: FaceAssets, person: Person) -> dict[str, list[Box]]:
    """Find where a face's parts lie: boxes (left, top, right, bottom) as shares of the picture."""
    scene = build_scene(assets, person)
    x, y, z = assets.points.unbind(1)
    nose = (x.abs() < 0.18) & (y > 7.0) & (y < 7.35) & (z > 1.35)
    parts = {
        "eyes": [(assets.eyes[1], 0.03), (assets.eyes[0], 0.03)],
        "nose": [(nose, 0.015)],
        "mouth": [(assets.lip_weight > 0.5, 0.02)],
    }
    screen = scene.camera.screen(scene.vertices[: len(assets.points)])
    return {part: [_box(screen[which], margin) for which, margin in found] for part, found in parts.items()}


def _box(points: Tensor, margin: float) -> Box:
    low, high = points.min(0).values - margin, points.max(0).values + margin
    return [round(float(value), 3) for value in torch.cat([low, high]).clamp(0, 1)]


def main(folder: Path) -> None:
    pictures = {"objects/coffee": coffee(), "objects/rocket": rocket()}
    for name in TARGETS:
        pictures |= {f"targets/{name}": portrait(name, "neutral"), f"truth/{name}_laugh": portrait(name, "laugh")}
    for name, pixels in pictures.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, optimize=True)
    assets = load_assets()
    found = {f"faces/{name}": boxes(assets, person_of(SEED, index)) for name, index in PEOPLE.items()}
    found["photographs/astronaut"] = ASTRONAUT
    (folder / "boxes.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
