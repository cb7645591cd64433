"""Cut the two photographs among the shipped pictures out of those that scikit-image carries.

python scripts/make_pictures.py [FOLDER]     # default: i2s_lightning/assets/pictures

The six portraits beside them are renders; the README in that folder says how each came about.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

PICTURES = Path(__file__).parents[1] / "i2s_lightning/assets/pictures"


def astronaut() -> np.ndarray:
    """The face, placed like the renders as nearly as the photograph permits: its upper edge is the crop's.

    Scaled to 128 px the eyes are at (50, 61) and (79, 61) and the mouth at y 88; the renders have them at (52, 65),
    (76, 65) and 94.
    """
    return data.astronaut()[0:210, 119:329]


def chelsea() -> np.ndarray:
    """The cat, whose face fills the photograph: the largest square there is, halved by averaging 2 x 2 pixels."""
    square = data.chelsea()[0:300, 97:397].astype(np.uint16)
    total = square[0::2, 0::2] + square[1::2, 0::2] + square[0::2, 1::2] + square[1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint8)


def main(folder: Path) -> None:
    for name, pixels in (("astronaut", astronaut()), ("chelsea", chelsea())):
        Image.fromarray(pixels).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
