"""What an experiment found, and its files."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from i2s_lightning.checkpoints.atomic import replacing, write_json


class SkippedError(Exception):
    """An experiment lacks what only the user has; the message says what, and how to give it."""


Numbers = Mapping[str, str | float | int]


@dataclass(frozen=True)
class Verdict:
    """Whether one statement holds here.

    Attributes:
        claim: The statement.
        holds: None: what is there does not show it.
        finding: What was found, with numbers.
        quoted: The paper is known to say so. False: it is only expected, from memory of the paper or by reasoning.
    """

    claim: str
    holds: bool | None
    finding: str
    quoted: bool = True

    @property
    def word(self) -> str:
        """In a word or two."""
        return {True: "holds", False: "does not hold", None: "not shown"}[self.holds]


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Attributes:
        figure: Laid out like the paper's; None when the experiment was skipped.
        numbers: Rows of the table.
        verdicts: On each claim.
        notes: What a reader must know of them, such as classes without pictures.
    """

    figure: Image.Image | None
    numbers: Sequence[Numbers]
    verdicts: Sequence[Verdict]
    notes: Sequence[str] = field(default_factory=list)


def write_outcome(folder: Path, outcome: Outcome, facts: dict[str, Any]) -> list[Path]:
    """Write ``figure.png``, ``numbers.csv`` and ``result.json``, the last one last: it says that all are there.

    Args:
        folder: The experiment's.
        outcome: What was found.
        facts: What ``result.json`` says besides.

    Returns:
        The files.
    """
    files = [folder / name for name in ("figure.png", "numbers.csv", "result.json")]
    if outcome.figure is None:
        files = files[-1:]
    else:
        _write_figure(files[0], outcome.figure)
        _write_numbers(files[1], outcome.numbers)
    verdicts = [asdict(verdict) for verdict in outcome.verdicts]
    write_json(files[-1], {**facts, "verdicts": verdicts, "notes": list(outcome.notes)})
    return files


def read_result(folder: Path) -> dict[str, Any]:
    """Read ``result.json``; its verdicts become :class:`Verdict` again."""
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return {**result, "verdicts": [Verdict(**verdict) for verdict in result["verdicts"]]}


def read_numbers(folder: Path) -> list[dict[str, str]]:
    """Read ``numbers.csv``."""
    with (folder / "numbers.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _write_figure(path: Path, figure: Image.Image) -> None:
    with replacing(path) as draft:
        figure.save(draft, optimize=True)


def _write_numbers(path: Path, numbers: Sequence[Numbers]) -> None:
    columns = list(dict.fromkeys(key for row in numbers for key in row))
    with replacing(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({key: _short(value) for key, value in row.items()} for row in numbers)


def _short(value: str | float | int) -> str | int:
    return f"{value:.4g}" if isinstance(value, float) else value
