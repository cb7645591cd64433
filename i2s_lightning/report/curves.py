"""The losses of many pictures in one drawing: a few curves, and the band that all of them fill."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from i2s_lightning.report.pictures import Facts

ALL = 12
"""So many curves can be told apart; of more pictures a few examples are drawn, over quantiles of all."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
PLACES = 60


def overview(curves: Mapping[int, Facts]) -> dict[str, Any]:
    """Choose what is drawn.

    Args:
        curves: By the picture's number; each with at least one point.

    Returns:
        ``examples``, numbers of pictures; ``band``, with ``steps`` and a row of losses for each quantile, or None when
        all curves are drawn.
    """
    if len(curves) <= ALL:
        return {"examples": list(curves), "band": None}
    order = sorted(curves, key=lambda i: curves[i].losses[-1])
    examples = [order[round(share * (len(order) - 1))] for share in (0, 0.25, 0.5, 0.75, 1)]
    return {"examples": examples, "band": _band(list(curves.values()))}


def _band(curves: Sequence[Facts]) -> dict[str, Any]:
    """Take quantiles over pictures; one that has stopped early counts with its last loss."""
    end = max(curve.steps[-1] for curve in curves)
    start = max(curve.steps[0] for curve in curves)
    places = np.unique(np.linspace(min(start, end), end, PLACES).round())
    losses = np.array([np.interp(places, curve.steps, curve.losses) for curve in curves], dtype=np.float32)
    rows = np.quantile(losses, QUANTILES, axis=0)
    return {"steps": places.astype(int).tolist(), "losses": [[float(f"{v:.4g}") for v in row] for row in rows]}
