"""Where to make holes in faces."""

import json
from pathlib import Path

import numpy as np

from i2s_lightning.data.decode import read_picture
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.errors import ConfigError
from i2s_lightning.experiments.gallery import ASSETS, Gallery
from i2s_lightning.experiments.transforms import Mask

BOXES = ASSETS / "experiments" / "boxes.json"
Boxes = dict[str, dict[str, list[list[float]]]]

MASKS = "masks"
"""The class of mask pictures: white where the hole is, named PICTURE_PART. Or a JSON file like ``BOXES``."""


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
    own = Path(gallery.own.get(MASKS, ""))
    if own.suffix == ".json":
        return _boxed(read_boxes(own), (picture, name), size)
    if MASKS in gallery.own:
        paths = {Path(mask).name: gallery.path(mask) for mask in gallery.take(MASKS)}
        found = {mask.removeprefix(f"{name}_"): path for mask, path in paths.items() if mask.startswith(f"{name}_")}
        return {part: Preprocess()(read_picture(path, 1), size)[..., 0] > 127 for part, path in found.items()}
    if kind in gallery.own:
        return {}
    return _boxed(read_boxes(BOXES), (picture,), size)


def read_boxes(path: Path) -> Boxes:
    """Read a JSON file: by picture and part, boxes [left, top, right, bottom] as shares of the picture.

    Raises:
        ConfigError: It is something else.
    """
    try:
        pictures = json.loads(path.read_text(encoding="utf-8"), parse_int=float)
        boxes = [box for parts in pictures.values() for found in parts.values() for box in found]
        if all(0 <= left < right <= 1 and 0 <= top < bottom <= 1 for left, top, right, bottom in boxes):
            return pictures  # type: ignore[no-any-return]  # looked at above
        problem = "not every box lies within the picture"
    except (OSError, ValueError, TypeError, AttributeError) as error:
        problem = str(error)
    form = '{"anna": {"mouth": [[left, top, right, bottom]]}}, shares of the picture from 0 to 1'
    raise ConfigError(f"{path}: expected {form}; {problem}")


def _boxed(boxes: Boxes, names: tuple[str, ...], size: tuple[int, int]) -> dict[str, Mask]:
    parts = next((boxes[name] for name in names if name in boxes), {})
    return {part: _filled(found, size) for part, found in parts.items()}


def _filled(boxes: list[list[float]], size: tuple[int, int]) -> Mask:
    mask = np.zeros(size, bool)
    for left, top, right, bottom in boxes:
        rows = slice(round(top * size[0]), round(bottom * size[0]))
        mask[rows, round(left * size[1]) : round(right * size[1])] = True
    return mask
