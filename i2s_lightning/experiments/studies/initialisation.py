"""Where should the optimisation start?

The paper starts from the mean style or from uniform random numbers in [-1, 1]. It finds the mean better for faces and
random starts better for other pictures, at 5000 steps.

Here both starts get the same number of steps. The table has loss and distance to the mean style for each picture, the
verdicts compare means over classes.
"""

from i2s_lightning.drawing.grid import Row, Tile, grid
from i2s_lightning.experiments.figures import enlargement, seen, short
from i2s_lightning.experiments.findings import missing_note, ordered
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, Verdict


def run(lab: Lab) -> Outcome:
    """Embed from the mean and from random numbers."""
    kinds = {name: kind for kind, names in lab.pictures().items() for name in names}
    names = list(kinds)
    found = {"mean": lab.embed(names), "random": lab.embed(names, init="random_uniform")}
    rows = [Row(word, [seen(lab, e, name) for name in names]) for word, e in found.items()]
    inputs = Row("input", [Tile(lab.target(found["mean"], name), kinds[name]) for name in names])
    keys = ("loss", "w_avg_distance", "psnr")
    numbers = [
        {"class": kinds[n], "picture": short(n)}
        | {f"{key}_{word}": e.metrics[n][key] for key in keys for word, e in found.items()}
        for n in names
    ]
    faces, others = (
        {word: [e.metrics[n]["loss"] for n in names if (kinds[n] == "faces") == wanted] for word, e in found.items()}
        for wanted in (True, False)
    )
    verdicts = [
        judged("For faces the mean is the better start.", "mean", faces),
        judged("For other pictures a random start is better.", "random", others),
    ]
    return Outcome(grid([inputs, *rows], scale=enlargement(lab)), numbers, verdicts, missing_note(lab.gallery.missing))


def judged(claim: str, better: str, losses: dict[str, list[float]]) -> Verdict:
    """Judge that one start leads to lower losses than the other."""
    if not losses[better]:
        return Verdict(claim, None, "There is no such picture.")
    in_order = sorted(losses, key=lambda word: word != better)
    return ordered(claim, {f"loss from {word}": losses[word] for word in in_order}, form=".3f")
