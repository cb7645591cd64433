"""``fit`` under observation: ``python scripts/scale/observed_fit.py FIGURES fit ...`` writes FIGURES-RANK.json.

Each process is pinned to a core of its own if CORES names some, and tells the seconds that it computed during the
steps, its peak memory, and the collectives that it took part in, by what they were for.
"""

import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from torch import distributed

from i2s_lightning.__main__ import main as run
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.exchange import Exchange

COLLECTIVES = (
    *("allgather", "_allgather_base", "allgather_coalesced", "allgather_into_tensor_coalesced", "allreduce"),
    *("allreduce_coalesced", "alltoall", "alltoall_base", "barrier", "broadcast", "gather", "monitored_barrier"),
    *("reduce", "reduce_scatter", "_reduce_scatter_base", "scatter", "send", "recv"),
)
"""Of a process group: whatever Python function is called, one of these does the work."""


class Observer:
    """Counts collectives by phase and times the run from the first pictures' entry to the last ones' leaving."""

    def __init__(self) -> None:
        self.phases = ["start and end"]
        self.calls: Counter[str] = Counter()
        self.steps = 0
        self.begun = self.ended = (0.0, 0.0)

    def within(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that what happens in it belongs to ``phase``."""

        def wrapped(*args: Any, **options: Any) -> Any:
            self.phases.append(phase)
            try:
                return function(*args, **options)
            finally:
                self.phases.pop()

        return wrapped

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a collective."""

        def wrapped(*args: Any, **options: Any) -> Any:
            self.calls[self.phases[-1]] += 1
            return function(*args, **options)

        return wrapped

    def watch(self) -> None:
        """Wrap everything of interest; the innermost phase counts."""
        for owner, name, phase in (
            (_TrainingEpochLoop, "advance", "inside rounds"),
            (Trainer, "save_checkpoint", "checkpoints"),
            (Exchange, "run", "between rounds"),
        ):
            setattr(owner, name, self.within(phase, getattr(owner, name)))
        for name in COLLECTIVES if distributed.is_available() else ():
            if hasattr(distributed.ProcessGroup, name):
                setattr(distributed.ProcessGroup, name, self.counted(getattr(distributed.ProcessGroup, name)))
        self._watch_clock()

    def _watch_clock(self) -> None:
        start, end, step = Embed.on_train_start, Embed.on_train_epoch_end, Embed.training_step

        def on_train_start(task: Embed) -> None:
            self.begun = _clocks()
            start(task)

        def on_train_epoch_end(task: Embed) -> None:
            end(task)
            self.ended = _clocks()

        def training_step(task: Embed, batch: int, batch_idx: int) -> torch.Tensor:
            self.steps += 1
            return step(task, batch, batch_idx)

        Embed.on_train_start, Embed.on_train_epoch_end = on_train_start, on_train_epoch_end  # type: ignore[method-assign]
        Embed.training_step = training_step  # type: ignore[method-assign]

    def figures(self) -> dict[str, Any]:
        """Tell what was seen."""
        gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
        return {
            "seconds": self.ended[0] - self.begun[0],
            "cpu_seconds": self.ended[1] - self.begun[1],
            "steps": self.steps,
            "peak_mib": (gpu or 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 2**20,
            "device": torch.cuda.get_device_name() if gpu else "CPU",
            "collectives": dict(self.calls),
        }


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def main() -> int:
    """Run ``fit`` with the words after the first."""
    rank = int(os.environ.get("LOCAL_RANK", "0"))
    cores = [int(core) for core in os.environ.get("CORES", "").split(",") if core]
    if cores:
        os.sched_setaffinity(0, {cores[rank]})
    observer = Observer()
    observer.watch()
    status = run(sys.argv[2:])
    Path(f"{sys.argv[1]}-{rank}.json").write_text(json.dumps(observer.figures()))
    return status


if __name__ == "__main__":
    sys.exit(main())
