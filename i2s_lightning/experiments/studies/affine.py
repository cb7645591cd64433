"""How much do shifts, zooms and rotations harm?

The paper moves a face right by 140 and left by 160 pixels (of 1024), zooms out and in, and turns it (from memory: by
2, and by 90 and 180 degrees). It finds the embedding very sensitive to all of these: results are blurred, details lost.

Here the same is done to faces as the generator sees them, pixels scaled to its size; what the picture does not reach
is black (the paper does not say what it is there). `loss` and the distance to the mean style are the paper's table.
As the black part is easily embedded and counts in the loss, the PSNR of the picture's own part is given too:
`psnr_inside`.
"""

from collections.abc import Callable
from statistics import mean
from typing import Any

import numpy as np

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.grid import grid
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.experiments.figures import enlargement, flat, pairs, short
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, Verdict
from i2s_lightning.experiments.transforms import psnr_where, shifted, turned, zoomed

PAPER_SIDE = 1024
ALIGNED = "aligned"


def transforms(side: int) -> dict[str, Callable[[Pixels], Pixels]]:
    """Give the paper's transformations for pictures of another size."""
    right, left = round(140 * side / PAPER_SIDE), round(160 * side / PAPER_SIDE)
    return {
        "right": lambda p: shifted(p, right),
        "left": lambda p: shifted(p, -left),
        "out": lambda p: zoomed(p, 0.5),
        "in": lambda p: zoomed(p, 2.0),
        "turned_90": lambda p: turned(p, 1),
        "turned_180": lambda p: turned(p, 2),
    }


def run(lab: Lab) -> Outcome:
    """Embed transformed faces."""
    faces = lab.names()
    base = lab.embed(faces)
    kinds = transforms(lab.generator().img_resolution)
    made: dict[tuple[str, str], str] = {}
    for face in faces:
        target = lab.target(base, face)
        made |= {(face, k): lab.gallery.put(f"affine/{flat(face)}_{k}", f(target)) for k, f in kinds.items()}
    e = lab.embed(list(made.values()))
    rows, numbers = [], []
    for face in faces:
        names = [face, *(made[face, kind] for kind in kinds)]
        numbers += [_row(lab, e, name, face, kind) for kind, name in zip((ALIGNED, *kinds), names, strict=True)]
        rows += pairs(lab, e, names, [ALIGNED, *kinds])
    return Outcome(grid(rows, scale=enlargement(lab)), numbers, verdicts(numbers))


def _row(lab: Lab, e: Embedding, name: str, face: str, kind: str) -> dict[str, Any]:
    target, record = lab.target(e, name), e.metrics[name]
    whole = np.full_like(target, 255)
    kinds = transforms(lab.generator().img_resolution)
    inside = (whole if kind == ALIGNED else kinds[kind](whole))[..., 0] > 127
    keys = ("loss", "w_avg_distance", "psnr", "perceptual")
    scores = {key: record[key] for key in keys} | {"psnr_inside": psnr_where(lab.render(e, name), target, inside)}
    return {"picture": short(face), "transformation": kind} | scores


def verdicts(numbers: list[dict[str, Any]]) -> list[Verdict]:
    """Compare every transformation with the aligned faces."""
    kinds = list(dict.fromkeys(row["transformation"] for row in numbers))

    def means(key: str) -> dict[str, float]:
        return {kind: mean(row[key] for row in numbers if row["transformation"] == kind) for kind in kinds}

    loss, inside = means("loss"), means("psnr_inside")
    others = [kind for kind in kinds if kind != ALIGNED]
    worst, mildest = max(others, key=loss.__getitem__), min(others, key=loss.__getitem__)
    return [
        Verdict(
            "Every transformed face embeds with a larger loss than the aligned one.",
            all(loss[kind] > loss[ALIGNED] for kind in others),
            f"Mean loss: {_list(loss, '.3f')}.",
        ),
        Verdict(
            "So it is inside the picture's own part: its PSNR falls.",
            all(inside[kind] < inside[ALIGNED] for kind in others),
            f"Mean PSNR inside, in dB: {_list(inside, '.1f')}.",
            quoted=False,
        ),
        Verdict(
            "The shift to the right has the largest loss, zooming out the smallest.",
            (worst, mildest) == ("right", "out"),
            f"Largest: {worst} {loss[worst]:.3f}; smallest: {mildest} {loss[mildest]:.3f}.",
            quoted=False,
        ),
    ]


def _list(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{kind} {value:{form}}" for kind, value in values.items())
