"""Pictures that no generator here was trained on."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from faces.people import Person
from faces.portrait import person_of, render
from numpy.typing import NDArray
from PIL import Image

SEED = 20261123
"""People of this seed are held out from the training of the generator that ships."""
PHOTOGRAPHS = ("astronaut", "chelsea")
FOLDER = Path(__file__).parents[2] / "i2s_lightning" / "assets" / "pictures"
Picture = NDArray[np.uint8]


def held_out(numbers: Iterable[int], side: int = 64) -> dict[str, Picture]:
    """Render people, by name, ``(side, side, 3)``."""
    return {f"render_{number}": render(person(number), side) for number in numbers}


def person(number: int) -> Person:
    """Describe one of those people."""
    return person_of(SEED, number)


def photographs() -> dict[str, Picture]:
    """Read the two photographs that ship, by name, ``(128, 128, 3)``."""
    return {name: np.asarray(Image.open(FOLDER / f"{name}.png").convert("RGB")) for name in PHOTOGRAPHS}
