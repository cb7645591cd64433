"""From numbers to verdicts: the comparisons that experiments have in common."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import mean

from i2s_lightning.experiments.outcome import Verdict


def ordered(
    claim: str, groups: Mapping[str, Sequence[float]], *, unit: str = "", form: str = ".2f", quoted: bool = True
) -> Verdict:
    """Judge that groups of paired values rise from one to the next, in the mean.

    Args:
        claim: What is claimed.
        groups: Values by name, lowest first; the k-th of each belong together (the same picture).
        unit: Of the values.
        form: How to print them.
        quoted: The paper says so.

    Returns:
        The verdict; its finding tells the means, and in how many pictures each neighbour pair has that order.

    Example:
        >>> ordered("W+ beats W.", {"W": [20.0, 21.0], "W+": [25.0, 20.0]}, unit=" dB").finding
        'W 20.50 dB < W+ 22.50 dB (1 of 2 pictures).'
    """
    means = {name: mean(values) for name, values in groups.items()}
    parts = []
    for (a, first), (b, second) in pairwise(groups.items()):
        sign = "<" if means[a] < means[b] else ">" if means[a] > means[b] else "="
        fitting = sum(x < y for x, y in zip(first, second, strict=True))
        parts.append(f"{sign} {b} {means[b]:{form}}{unit} ({fitting} of {len(first)} pictures)")
    start = next(iter(groups))
    holds = all(means[a] < means[b] for a, b in pairwise(groups))
    return Verdict(claim, holds, f"{start} {means[start]:{form}}{unit} {' '.join(parts)}.", quoted)


def missing_note(classes: Sequence[str]) -> list[str]:
    """Say which classes have no picture."""
    if not classes:
        return []
    options = " ".join(f"{name}=FOLDER" for name in classes)
    return [f"Left out, as no freely licensed picture ships: {', '.join(classes)}. Give your own: --images {options}"]
