"""What happens when an embedding is embedded again?

From memory of the paper: it embeds its result again, seven times, and quality slowly goes down, though from the second
round on the target is a picture that the generator can draw exactly.

Here each round's target is the picture that the round before rendered, rounded to 8 bits; each starts from the mean
style. The distances are to the first input.
"""

from itertools import pairwise
from statistics import mean
from typing import Any

import torch

from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import enlargement, flat, short
from i2s_lightning.experiments.lab import Lab, image
from i2s_lightning.experiments.outcome import Outcome, Verdict
from i2s_lightning.metrics import psnr


@torch.no_grad()
def run(lab: Lab) -> Outcome:
    """Embed again and again."""
    first = lab.names()
    names = list(first)
    tiles: dict[str, list[Tile]] = {name: [] for name in first}
    numbers: list[dict[str, Any]] = []
    for turn in range(1, lab.options["rounds"] + 1):
        e = lab.embed(names)
        for k, origin in enumerate(first):
            if turn == 1:
                tiles[origin].append(Tile(lab.target(e, origin)))
            made, wanted = lab.render(e, names[k]), tiles[origin][0].pixels
            scores = {
                "psnr": float(psnr(image(made), image(wanted))),
                "perceptual": float(lab.perceptual(image(made), image(wanted))),
                "psnr_to_its_own_target": e.metrics[names[k]]["psnr"],
            }
            numbers.append({"picture": short(origin), "round": turn} | scores)
            tiles[origin].append(Tile(made, f"{scores['psnr']:.1f} dB"))
            names[k] = lab.gallery.put(f"iterative/{flat(origin)}_{turn}", made)
    columns = ["input", *(f"round {turn}" for turn in range(1, lab.options["rounds"] + 1))]
    figure = grid([Row(short(n), row) for n, row in tiles.items()], columns=columns, scale=enlargement(lab))
    distances = {
        turn: mean(row["perceptual"] for row in numbers if row["round"] == turn)
        for turn in range(1, lab.options["rounds"] + 1)
    }
    return Outcome(figure, numbers, [judged(distances)])


def judged(distances: dict[int, float]) -> Verdict:
    """Judge whether every round is further from the input than the one before."""
    values = list(distances.values())
    worse = sum(b > a for a, b in pairwise(values))
    told = ", ".join(f"{value:.3f}" for value in values)
    return Verdict(
        "Every round loses a little more.",
        worse == len(values) - 1,
        f"Perceptual distance to the first input grows in {worse} of {len(values) - 1} further rounds: {told}.",
        quoted=False,
    )
