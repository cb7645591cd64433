"""The scores of all pictures, by column."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.space import judge, typicalities
from i2s_lightning.errors import CheckpointError


@dataclass(frozen=True)
class Column:
    """A number that every picture has.

    Attributes:
        key: Its key in a record.
        title: What it is called.
        digits: After the decimal point.
        unit: Behind the number.
        better: Which values are better, if any are.
        listed: Whether the table shows it; the view of one picture shows all.
        about: What it is, in a sentence.
    """

    key: str
    title: str
    digits: int = 4
    unit: str = ""
    better: Literal["high", "low", ""] = ""
    listed: bool = False
    about: str = ""


KNOWN = (
    Column("psnr", "PSNR", 2, "dB", "high", True, "Peak signal-to-noise ratio of the 8-bit pictures."),
    Column("ssim", "SSIM", 3, "", "high", True, "Structural similarity of the 8-bit pictures; 1 is equal."),
    Column("ms_ssim", "MS-SSIM", 3, "", "high", True, "Structural similarity over several sizes; 1 is equal."),
    Column(
        "perceptual", "perceptual", 3, "", "low", True, "Distance of VGG features in the manner of LPIPS; not LPIPS."
    ),
    Column("loss", "loss", 4, "", "low", True, "What was optimised, of the result that is stored."),
    Column("steps", "steps", 0, "", "", True, "Optimiser steps that the picture got."),
    Column("w_avg_distance", "to w_avg", 1, "", "low", True, "||w - w_avg||, the paper's; large: edits will show it."),
    Column("typicality", "typicality", 2, "", "low", True, "Distance from the mean in P space; samples have about 1."),
    Column("mse", "MSE", 5, "", "low"),
    Column("best_step", "best step", 0),
)


@dataclass(frozen=True)
class Table:
    """All pictures' scores.

    Attributes:
        columns: The numbers that there are.
        numbers: Of each column a value a picture; None where a picture has none, or none that is finite.
        names: The pictures', sorted.
        statuses: ``done``, ``early``, ``failed``.
        verdicts: On editing them; None if the generator is not there to tell.
        files: Where the targets were.
        note: Why there are no verdicts, if there are none.
    """

    columns: list[Column]
    numbers: dict[str, list[float | None]]
    names: list[str]
    statuses: list[str]
    verdicts: list[str] | None
    files: list[str]
    note: str


def make_table(embedding: Embedding) -> Table:
    """Collect the scores of an embedding.

    Args:
        embedding: If its generator can't be loaded, there are no verdicts.
    """
    numbers: dict[str, list[float | None]] = {}
    statuses, files = [], []
    for i, record in enumerate(embedding.metrics.values()):  # one at a time: 70,000 together take a lot
        statuses.append(str(record["status"]))
        files.append(str(record.get("file", "")))
        for key, value in record.items():
            if isinstance(value, int | float):
                numbers.setdefault(key, [None] * len(embedding))[i] = _finite(value)
    verdicts, note = None, ""
    try:
        typical = list(typicalities(embedding, embedding.names))
    except CheckpointError as error:
        note = str(error)
    else:
        psnr = numbers.get("psnr", [None] * len(embedding))
        verdicts = [judge(t, value) for t, value in zip(typical, psnr, strict=True)]
        numbers["typicality"] = [_finite(t) for t in typical]
    return Table(_columns(numbers), numbers, embedding.names, statuses, verdicts, files, note)


def _columns(keys: Iterable[str]) -> list[Column]:
    """Describe columns, the known ones first."""
    known = {column.key: column for column in KNOWN}
    places = list(known)
    found = [known.get(key, Column(key, key.replace("_", " "))) for key in keys]
    return sorted(found, key=lambda column: places.index(column.key) if column.key in known else len(places))


def _finite(value: int | float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
