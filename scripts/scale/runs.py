"""Start ``fit`` as a user would, and get the figures of :mod:`observed_fit`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from i2s_lightning import load_embedding
from i2s_lightning.checkpoints import Embedding

PIXEL = json.dumps({"pixel": {"class_path": "PixelLoss"}})
"""The loss for runs that are not about pictures."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        embedding: Its results.
        figures: Of each process.
    """

    embedding: Embedding
    figures: list[dict[str, Any]]

    def mean(self, key: str) -> float:
        """Average a measure over the pictures."""
        values = [record[key] for record in self.embedding.metrics.values()]
        return float(sum(values) / len(values))

    def longest(self, key: str) -> float:
        """Give the figure of the process that has most of it."""
        return float(max(figures[key] for figures in self.figures))

    def images_per_hour(self, key: str = "seconds") -> float:
        """Divide the pictures by the time that the slowest process took."""
        return 3600 * len(self.embedding) / self.longest(key)


def fit(out: Path, settings: Mapping[str, Any], *, cores: Sequence[int] = ()) -> Run:
    """Embed, from the beginning, into an empty folder.

    Args:
        out: The run folder; figures and log lie beside it.
        settings: The command line's options.
        cores: One for each process; any if empty.

    Raises:
        RuntimeError: ``out`` exists, or the run failed; shows its log.
    """
    if out.exists():
        raise RuntimeError(f"{out} exists: a run that goes on can't be timed; delete it or give another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    words = [f"--{key}={value}" for key, value in settings.items()]
    script = Path(__file__).with_name("observed_fit.py")
    environment = {"OMP_NUM_THREADS": "1"} | os.environ | {"CORES": ",".join(map(str, cores))}
    log = out.with_suffix(".log")
    with log.open("wb") as file:
        done = subprocess.run(
            [sys.executable, script, out, "fit", f"--out={out}", *words], stdout=file, stderr=file, env=environment
        )
    if done.returncode != 0:
        raise RuntimeError(f"fit ended with status {done.returncode}:\n{log.read_text()[-3000:]}")
    figures = [json.loads(path.read_text()) for path in sorted(out.parent.glob(f"{out.name}-*.json"))]
    return Run(load_embedding(out), figures)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lay out a Markdown table; numbers to the right.

    Example:
        >>> print(table(["name", "PSNR"], [["a", 30.0]]))
        | name | PSNR |
        |---|---:|
        | a | 30.0 |
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    cells = [[str(cell) for cell in line] for line in lines]
    rules = {1}
    return "\n".join(
        "|" + "|".join(line) + "|" if i in rules else "| " + " | ".join(line) + " |" for i, line in enumerate(cells)
    )
