"""Results as Markdown, and the tables in a document made anew."""

import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench.grid import grid
from bench.harness import ratio
from bench.profile_table import profiles

WORSE = 1.1
"""A ratio that fell by this factor shows."""

HEAD = ["case", "", "CPU s a picture", "spread", "wall s", "peak MiB", "error", "ratio"]
SAVED = "saved MiB a picture"


def table(results: Mapping[str, Any], kind: str) -> str:
    """Lay out the results of one kind, a line a variant.

    Times are medians; the spread is from the fastest to the slowest turn. A ratio is that of the CPU seconds of the
    case's first variant to this one's; none is given where values do not agree. What steps keep for their gradient has
    a column where it was measured, and its share of the first variant's.
    """
    results = {name: result for name, result in results.items() if result["kind"] == kind}
    if kind == "profile":
        return profiles(results)
    head = [*HEAD, SAVED] if any(_keeps(result) for result in results.values()) else HEAD
    rows = [_cells(name, result, variant) for name, result in results.items() for variant in result["variants"]]
    return grid(head, 2, (row[: len(head)] for row in rows))


def _cells(name: str, result: Mapping[str, Any], variant: str) -> list[str]:
    figures = result["variants"][variant]
    first = variant == next(iter(result["variants"]))
    cpu, wall = (median(figures[key]) for key in ("cpu", "wall"))
    spread = f"{min(figures['cpu']):.3g} - {max(figures['cpu']):.3g}"
    error = "" if figures["error"] is None else f"{figures['error']:.0e}"
    cells = [name if first else "", variant, f"{cpu:.3g}", spread, f"{wall:.3g}", f"{figures['peak_mib']:.0f}", error]
    return [*cells, "" if first else _ratio(result, variant), _saved(result, variant)]


def _ratio(result: Mapping[str, Any], variant: str) -> str:
    now, before = ratio(result, variant), result["variants"][variant].get("stored")
    if now is None:
        return "values differ"
    fell = f" (was {before:.2f}x)" if before and now * WORSE < before else ""
    return f"**{now:.2f}x**{fell}"


def _saved(result: Mapping[str, Any], variant: str) -> str:
    if not _keeps(result):
        return ""
    name = next(iter(result["variants"]))
    first, mine = (float(result["variants"][key]["saved_mib"]) for key in (name, variant))
    return f"{mine / result['pictures']:.3g}" + ("" if variant == name else f" (**{mine / first:.0%}**)")


def _keeps(result: Mapping[str, Any]) -> bool:
    return all("saved_mib" in figures for figures in result["variants"].values())


def compare(new: dict[str, Any], old: Mapping[str, Any]) -> None:
    """Note beside each new ratio the one that was stored."""
    for name, result in new.items():
        for variant, figures in result["variants"].items():
            if name in old and variant in old[name]["variants"]:
                figures["stored"] = ratio(old[name], variant)


def rewrite(document: Path, results: Mapping[str, Any]) -> None:
    """Put tables between the document's ``<!-- bench KIND -->`` and ``<!-- end -->``."""
    pattern = re.compile(r"(<!-- bench (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
    text = pattern.sub(lambda m: f"{m[1]}{table(results, m[2])}\n{m[3]}", document.read_text(encoding="utf-8"))
    document.write_text(text, encoding="utf-8")
