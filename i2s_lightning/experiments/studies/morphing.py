"""Can embedded pictures be turned into each other?

The paper interpolates between two latents, w = lambda w1 + (1 - lambda) w2. It finds morphs of high quality between
faces, and that morphs fail between other pictures, whether of one class or of two.

Here the first pictures of every class are paired: within the class where it has two, and each class with the next.
What a failed morph is, the paper leaves to the eye. A number for it: the perceptual distance from the middle of the
morph to the nearest of the generator's own samples. A middle that is a picture of the kind that the generator draws
has a near one.
"""

from itertools import pairwise
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from i2s_lightning import edits
from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import enlargement, short
from i2s_lightning.experiments.findings import missing_note
from i2s_lightning.experiments.lab import Lab, array
from i2s_lightning.experiments.outcome import Outcome, Verdict
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.samples import sample_w

Pair = tuple[str, str]


def run(lab: Lab) -> Outcome:
    """Morph within classes and across."""
    classes = lab.pictures()
    chosen = pairs(classes)
    e = lab.embed(sorted({name for pair in chosen for name in pair}))
    samples = own_samples(lab.generator(), lab.options["samples"])
    steps = lab.options["steps"]
    rows: list[Row] = []
    numbers: list[dict[str, Any]] = []
    for first, last in chosen:
        frames = edits.morph(e, [first, last], steps).render()
        label = f"{short(first)} to {short(last)}"
        shown = [Tile(array(frame)) for frame in frames]
        rows.append(Row(label, [Tile(lab.target(e, first)), *shown, Tile(lab.target(e, last))]))
        ends = [nearest(lab, frames[i], samples) for i in (0, -1)]
        middle = nearest(lab, frames[steps // 2], samples)
        numbers.append({"from": first, "to": last, "middle": middle, "first": ends[0], "last": ends[1]})
    columns = ["input", *(f"lambda {1 - i / (steps - 1):.2f}" for i in range(steps)), "input"]
    verdict = judged({(row["from"], row["to"]): row["middle"] for row in numbers})
    figure = grid(rows, columns=columns, scale=enlargement(lab))
    return Outcome(figure, numbers, [verdict], missing_note(lab.gallery.missing))


def pairs(classes: dict[str, list[str]]) -> list[Pair]:
    """Pair pictures: neighbours within a class, then each class's first with the next class's."""
    within = [(names[i], names[i + 1]) for names in classes.values() for i in range(0, len(names) - 1, 2)]
    across = [(a[0], b[0]) for a, b in pairwise(classes.values())]
    return within + across


@torch.no_grad()
def own_samples(generator: Generator, count: int) -> Tensor:
    """Draw pictures as the generator does by itself, ``(N, C, H, W)``."""
    ws = sample_w(generator, count, seed=1).to(generator.w_avg)
    return torch.cat([generator.synthesis(w.expand(1, generator.num_ws, -1)) for w in ws]).clamp(-1, 1)


@torch.no_grad()
def nearest(lab: Lab, image: Tensor, samples: Tensor) -> float:
    """Measure the perceptual distance to the nearest sample."""
    parts = [samples[i : i + 16] for i in range(0, len(samples), 16)]
    return min(float(lab.perceptual(image.clamp(-1, 1).expand_as(part), part).min()) for part in parts)


def judged(middles: dict[Pair, float]) -> Verdict:
    """Compare faces with the rest."""
    claim = "Morphs between faces stay pictures of the generator's kind; others leave it."
    faces = [value for pair, value in middles.items() if all(name.startswith("faces/") for name in pair)]
    others = [value for pair, value in middles.items() if not all(name.startswith("faces/") for name in pair)]
    if not faces or not others:
        return Verdict(claim, None, "It takes two faces and another pair to tell.")
    nearer = sum(value > max(faces) for value in others)
    return Verdict(
        claim,
        mean(faces) < mean(others) and nearer == len(others),
        f"Middle to nearest sample: faces {mean(faces):.3f}, others {mean(others):.3f} in the mean; "
        f"{nearer} of {len(others)} others lie further than every morph of faces.",
    )
