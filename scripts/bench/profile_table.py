"""Profiles of the step as Markdown: its parts, its convolutions, and what it could gain at most."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

from bench.flops import KINDS, WIDTHS
from bench.grid import grid
from bench.harness import ratio
from bench.parts import PARTS

Figures = Mapping[str, Any]


def profiles(results: Mapping[str, Any]) -> str:
    """Lay out profiles; a cell with two figures gives the first variant's (usual) and the last one's (ours)."""
    if not results:
        return "Not measured yet."
    parts = _table(["px", "CPU ms: usual, ours", "all", *KINDS], 2, results, _parts)
    convolutions = _table(["px", "convolutions of", "CPU ms", "GFLOP", "GFLOP/s"], 2, results, _convolutions)
    least = ["directly: GFLOP", "floor, ms", "ratio at most", "in tiles: GFLOP", "floor, ms", "ratio at most"]
    bounds = _table(["px", "CPU ms", "ratio", "peak GFLOP/s", *least], 1, results, _bounds)
    return "\n\n".join([parts, convolutions, bounds])


def total(figures: Figures, key: str, parts: Iterable[str], kinds: Iterable[str]) -> float:
    """Sum a figure (``ms``, ``gflop``, ``least``) of one variant over parts and kinds of work."""
    kinds = list(kinds)
    return float(sum(figures["parts"][part][kind][key] for part in parts for kind in kinds))


def _parts(result: Mapping[str, Any]) -> list[list[str]]:
    """Every part's time by kind of work."""
    kinds = [KINDS, *((kind,) for kind in KINDS)]
    rows = [*((part, (part,)) for part in PARTS), ("all", PARTS)]
    return [[name, *(_pair(result, partial(total, key="ms", parts=p, kinds=k)) for k in kinds)] for name, p in rows]


def _convolutions(result: Mapping[str, Any]) -> list[list[str]]:
    """Time, operations and speed by width."""
    rows = [*((width, (width,)) for width in WIDTHS), ("all", tuple(WIDTHS))]
    return [
        [
            name,
            *(_pair(result, partial(total, key=key, parts=PARTS, kinds=kinds)) for key in ("ms", "gflop")),
            _pair(result, partial(_speed, kinds=kinds)),
        ]
        for name, kinds in rows
    ]


def _speed(figures: Figures, kinds: Sequence[str]) -> float:
    seconds = total(figures, "ms", PARTS, kinds) / 1e3
    return total(figures, "gflop", PARTS, kinds) / seconds if seconds else 0.0


def _bounds(result: Mapping[str, Any]) -> list[list[str]]:
    """What would be left if our convolutions ran at the processor's peak and all else took no time."""
    usual, ours = _variants(result)
    peak = max(usual["peak_gflops"], ours["peak_gflops"])
    cells = [_pair(result, _whole), _times(ratio(result, list(result["variants"])[-1])), _digits(peak)]
    for key in ("gflop", "least"):
        needed = total(ours, key, PARTS, WIDTHS)
        floor = 1e3 * needed / peak
        cells += [_digits(needed), _digits(floor), _times(_whole(usual) / floor)]
    return [cells]


def _whole(figures: Figures) -> float:
    """Give a step's CPU ms without the profiler."""
    return 1e3 * float(median(figures["cpu"]))


def _variants(result: Mapping[str, Any]) -> tuple[Figures, Figures]:
    variants = list(result["variants"].values())
    return variants[0], variants[-1]


def _pair(result: Mapping[str, Any], value: Callable[[Figures], float]) -> str:
    return ", ".join(_digits(value(figures)) for figures in _variants(result))


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _times(value: float | None) -> str:
    return "values differ" if value is None else f"{value:.2f}x"


def _table(
    head: Sequence[str], words: int, results: Mapping[str, Any], rows: Callable[[Mapping[str, Any]], list[list[str]]]
) -> str:
    """Lay out the rows of all results, each under its resolution."""
    lines: list[list[str]] = []
    for name, result in results.items():
        sides = name.removeprefix("profile-")
        lines += [[sides if i == 0 else "", *row] for i, row in enumerate(rows(result))]
    return grid(head, words, lines)
