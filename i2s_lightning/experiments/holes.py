"""Where to make holes in faces."""

import json
from pathlib import Path

import numpy as np

from i2s_lightning.data.decode import read_picture
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.experiments.gallery import ASSETS, Gallery
from i2s_lightning.experiments.transforms import Mask

BOXES = ASSETS / "experiments" / "boxes.json"
MASKS = "masks"
"""The class of mask pictures: white where the hole is, named PICTURE_PART."""


def holes(gallery: Gallery, picture: str, size: tuple[int, int]) -> dict[str, Mask]:
    """Find the holes for one picture.

    Args:
        gallery: Has the user's mask pictures, if any; else the boxes that ship serve for the faces that do.
        picture: ``CLASS/NAME``.
        size: Height and width.

    Returns:
        Masks by part; none if nothing is known of the picture.
    """
    kind, _, name = picture.partition("/")
    if MASKS in gallery.own:
        paths = {Path(mask).name: gallery.path(mask) for mask in gallery.take(MASKS)}
        found = {mask.removeprefix(f"{name}_"): path for mask, path in paths.items() if mask.startswith(f"{name}_")}
        return {part: Preprocess()(read_picture(path, 1), size)[..., 0] > 127 for part, path in found.items()}
    if kind in gallery.own:
        return {}
    parts = json.loads(BOXES.read_text(encoding="utf-8")).get(picture, {})
    return {part: _boxed(boxes, size) for part, boxes in parts.items()}


def _boxed(boxes: list[list[float]], size: tuple[int, int]) -> Mask:
    mask = np.zeros(size, bool)
    for left, top, right, bottom in boxes:
        rows = slice(round(top * size[0]), round(bottom * size[0]))
        mask[rows, round(left * size[1]) : round(right * size[1])] = True
    return mask
