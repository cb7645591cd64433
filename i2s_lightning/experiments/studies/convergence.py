"""How many steps does a picture need?

The paper plots the loss over 5000 steps. It finds faces settled after about 1000 steps and other classes after 3000
to 5000.

Here a picture counts as settled from the step at which 95 % of its loss's whole fall lies behind it. The whole fall
is that of this run, so a longer run moves the mark: compare classes, not the steps themselves with the paper's.
"""

from collections.abc import Sequence
from statistics import mean
from typing import Any

from matplotlib.figure import Figure

from i2s_lightning.experiments.figures import drawn, short
from i2s_lightning.experiments.findings import missing_note
from i2s_lightning.experiments.lab import Lab
from i2s_lightning.experiments.outcome import Outcome, Verdict


def run(lab: Lab) -> Outcome:
    """Embed for long and mark where each curve flattens."""
    kinds = {name: kind for kind, names in lab.pictures().items() for name in names}
    lab.embed(list(kinds), label="long")
    curves = lab.curves()
    share = lab.options["share"]
    marks = {name: settled(*curves[name], share) for name in kinds}
    numbers: list[dict[str, Any]] = [
        {"class": kind, "picture": short(n), "first_loss": curves[n][1][0], "last_loss": curves[n][1][-1]}
        | {"settled_at_step": marks[n], "steps": curves[n][0][-1]}
        for n, kind in kinds.items()
    ]
    figure = Figure(figsize=(8, 5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for name in kinds:
        steps, losses = curves[name]
        (line,) = axes.plot(steps, losses, label=name, linewidth=1.4)
        axes.plot(marks[name], losses[steps.index(marks[name])], "o", color=line.get_color())
    axes.set(xlabel="optimiser step", ylabel="loss", yscale="log", title=f"Dots: {share:.0%} of the fall is done")
    axes.grid(which="both", alpha=0.25)
    axes.legend(fontsize=8, ncols=2)
    return Outcome(drawn(figure), numbers, [judged(marks, kinds)], missing_note(lab.gallery.missing))


def settled(steps: Sequence[int], losses: Sequence[float], share: float) -> int:
    """Find the first step from which on a loss stays within the last part of its fall.

    Example:
        >>> settled([0, 10, 20, 30], [10.0, 4.0, 1.1, 1.0], 0.95)
        20
    """
    limit = losses[0] - share * (losses[0] - min(losses))
    last_above = max((i for i, loss in enumerate(losses) if loss > limit), default=-1)
    return steps[min(last_above + 1, len(steps) - 1)]


def judged(marks: dict[str, int], kinds: dict[str, str]) -> Verdict:
    """Compare faces with other classes."""
    claim = "Faces settle sooner than other classes."
    faces = [marks[name] for name, kind in kinds.items() if kind == "faces"]
    others = {kind: [marks[n] for n in marks if kinds[n] == kind] for kind in kinds.values() if kind != "faces"}
    if not faces or not others:
        return Verdict(claim, None, "It takes faces and another class to tell.")
    told = ", ".join(f"{kind} {mean(values):.0f}" for kind, values in {"faces": faces, **others}.items())
    return Verdict(claim, all(mean(values) > mean(faces) for values in others.values()), f"Mean step: {told}.")
