"""Curves as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure  # not pyplot: no display, no global state

MOST = 16
"""More curves than this can't be told apart."""


Curve = tuple[Sequence[int], Sequence[float]]


def draw_curves(path: Path, curves: Mapping[str, Curve], *, ylabel: str, title: str) -> None:
    """Draw named curves over optimiser steps, with a logarithmic axis.

    Args:
        path: The ``.png`` to write.
        curves: Steps and values by name.
        ylabel: What the values are.
        title: Above the picture.
    """
    figure = Figure(figsize=(8, 5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for name, (steps, values) in list(curves.items())[:MOST]:
        axes.plot(steps, values, label=name, linewidth=1.4)
    axes.set(xlabel="optimiser step", ylabel=ylabel, yscale="log", title=title)
    axes.grid(which="both", alpha=0.25)
    axes.legend(fontsize=8, ncols=2)
    figure.savefig(path)
