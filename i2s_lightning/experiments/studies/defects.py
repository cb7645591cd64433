"""What becomes of faces with parts missing?

The paper covers eyes, nose or mouth. It finds that a missing part does not disturb the others, and that the embedding
does not fill it in: the hole is reproduced.

Here parts of aligned faces are covered with black. The pictures that ship come with boxes for eyes, nose and mouth;
for pictures of your own give mask pictures, white where the hole is and named PICTURE_PART (`--images faces=FOLDER
masks=FOLDER`), or boxes: `masks=FILE.json` with `{"anna": {"mouth": [[left, top, right, bottom]]}}`, as shares of the
picture. Inside the hole the embedding is compared with the hole and with what was there; outside, its PSNR is
set beside that of the whole face's embedding over the same positions.
"""

from statistics import mean
from typing import Any

import numpy as np

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.grid import grid
from i2s_lightning.experiments.figures import enlargement, flat, pairs, short
from i2s_lightning.experiments.holes import holes
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, SkippedError, Verdict
from i2s_lightning.experiments.transforms import Mask, covered, psnr_where

UNDISTURBED = 1.0
"""dB that other parts may lose and still count as undisturbed."""


def run(lab: Lab) -> Outcome:
    """Embed faces with holes."""
    faces = lab.names()
    size = lab.generator().img_shape
    where = {face: found for face in faces if (found := holes(lab.gallery, face, size))}
    if not where:
        raise SkippedError(
            "nothing says where the parts of these faces are; give --images masks=FOLDER or masks=FILE.json"
        )
    base = lab.embed(faces)
    made: dict[tuple[str, str], str] = {}
    for face, masks in where.items():
        masks["all"] = np.logical_or.reduce(list(masks.values()))
        target = lab.target(base, face)
        for part, mask in masks.items():
            made[face, part] = lab.gallery.put(f"defects/{flat(face)}_{part}", covered(target, mask))
    e = lab.embed(list(made.values()))
    rows, numbers = [], []
    for face, masks in where.items():
        rows += pairs(lab, e, [face, *(made[face, part] for part in masks)], ["whole", *masks])
        numbers += [_row(lab, base, e, (face, part, made[face, part]), mask) for part, mask in masks.items()]
    return Outcome(grid(rows, scale=enlargement(lab)), numbers, verdicts(numbers))


def _row(lab: Lab, base: Embedding, e: Embedding, what: tuple[str, str, str], mask: Mask) -> dict[str, Any]:
    face, part, name = what
    whole, seen = lab.target(base, face), lab.render(e, name)
    return {
        "picture": short(face),
        "hole": part,
        "share_of_picture": float(mask.mean()),
        "psnr_to_the_hole": psnr_where(seen, covered(whole, mask), mask),
        "psnr_to_what_was_there": psnr_where(seen, whole, mask),
        "psnr_outside": psnr_where(seen, whole, ~mask),
        "psnr_outside_of_the_whole_face": psnr_where(lab.render(base, face), whole, ~mask),
    }


def verdicts(numbers: list[dict[str, Any]]) -> list[Verdict]:
    """Judge hole and surroundings."""
    kept = [row["psnr_to_the_hole"] > row["psnr_to_what_was_there"] for row in numbers]
    lost = [row["psnr_outside_of_the_whole_face"] - row["psnr_outside"] for row in numbers]
    hole, there = (mean(row[key] for row in numbers) for key in ("psnr_to_the_hole", "psnr_to_what_was_there"))
    return [
        Verdict(
            "The hole is kept, not filled in.",
            all(kept),
            f"In {sum(kept)} of {len(kept)} cases the embedding is nearer to the hole ({hole:.1f} dB in the mean) "
            f"than to what was there ({there:.1f} dB).",
        ),
        Verdict(
            "Other parts are not disturbed.",
            max(lost) <= UNDISTURBED,
            f"Outside the hole PSNR changes by {-mean(lost):+.2f} dB in the mean, {-max(lost):+.2f} dB at worst "
            f"(undisturbed: no loss above {UNDISTURBED:g} dB).",
        ),
    ]
