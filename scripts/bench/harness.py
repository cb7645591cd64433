"""Variants of one computation, timed in turns, each in a process of its own.

A process of its own gives each variant its allocator and its peak memory; turns spread over all what else the machine
does meanwhile. Nothing is compared that does not agree: each variant's values are held against the exact ones.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch

Values = dict[str, torch.Tensor]
Step = Callable[[], Values]


@dataclass(frozen=True)
class Variant:
    """One way to do it.

    Attributes:
        name: In tables.
        prepare: Loads everything and gives the function to time, which returns what must agree.
        tolerance: Largest relative error of any value, in the Euclidean norm.
        environment: Of the process.
        pictures: How many it takes at a time; None: as its case says.
    """

    name: str
    prepare: Callable[[], Step]
    tolerance: float = 1e-4
    environment: Mapping[str, str] = field(default_factory=dict)
    pictures: int | None = None


@dataclass(frozen=True)
class Case:
    """What is compared with what.

    Attributes:
        name: On the command line.
        kind: The table that it belongs to: ``same`` objective and allocator, ``shipped`` against shipped, ...
        pictures: How many a step takes; times are given for one.
        variants: The first one is what others are compared with.
        exact: Gives the values in float64; None: nothing to compare, or the first variant's count.
        repeats: How often each variant's turn comes.
        questions: What each variant's process is asked after its turns; see ``worker.work``.
    """

    name: str
    kind: str
    pictures: int
    variants: Sequence[Variant]
    exact: Callable[[], Step] | None = None
    repeats: int = 5
    questions: Sequence[str] = ()


def run(case: Case, repeats: int | None = None) -> dict[str, Any]:
    """Time all variants of a case and compare their values.

    Returns:
        JSON: for each variant the seconds a picture (``cpu``, ``wall``: lists), ``peak_mib``, answers to the case's
        questions, ``error`` (relative, None where nothing is compared) and ``agrees``.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workers = [_Worker(case, variant, folder / f"{i}.pt") for i, variant in enumerate(case.variants)]
        try:
            figures: dict[str, Any] = {w.variant.name: {"cpu": [], "wall": []} for w in workers}
            for _ in range(repeats or case.repeats):
                for worker in workers:
                    pictures = worker.variant.pictures or case.pictures
                    for key, seconds in worker.ask("step").items():
                        figures[worker.variant.name][key].append(seconds / pictures)
            for worker in workers:
                for question in ("peak", *case.questions):
                    figures[worker.variant.name] |= worker.ask(question)
        finally:
            for worker in workers:
                worker.process.kill()
        exact = case.exact()() if case.exact else torch.load(workers[0].values)
        for worker in workers:
            figures[worker.variant.name] |= _agreement(torch.load(worker.values), exact, worker.variant.tolerance)
    return {"kind": case.kind, "pictures": case.pictures, "variants": figures}


def ratio(result: Mapping[str, Any], variant: str, key: str = "cpu") -> float | None:
    """Tell how many times faster a variant is than the first; None if their values do not agree."""
    first = next(iter(result["variants"].values()))
    mine = result["variants"][variant]
    if not (first["agrees"] and mine["agrees"]):
        return None
    return float(median(first[key]) / median(mine[key]))


class _Worker:
    """The process of one variant."""

    def __init__(self, case: Case, variant: Variant, values: Path) -> None:
        self.variant, self.values = variant, values
        command = [sys.executable, str(Path(__file__).parent), "--worker", case.name, variant.name, str(values)]
        environment = {"OMP_NUM_THREADS": "1"} | os.environ | dict(variant.environment)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._answer()

    def ask(self, word: str) -> dict[str, Any]:
        """Let it do something and tell what came out."""
        assert self.process.stdin
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith("{"):  # a peer may talk
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"{self.variant.name} ended with status {self.process.wait()}")


def _agreement(values: Values, exact: Values, tolerance: float) -> dict[str, Any]:
    if not exact:
        return {"error": None, "agrees": True}
    errors = [float((values[k].double() - v.double()).norm() / v.double().norm()) for k, v in exact.items()]
    return {"error": max(errors), "agrees": max(errors) <= tolerance}
