"""What logging to Weights and Biases costs: processor time beside the steps' own, and bytes.

    OMP_NUM_THREADS=1 python scripts/scale/logging_overhead.py

Runs ``configs/embed_wandb.yaml`` offline in this process and adds up the processor time of every logging callback, of
the loggers, and of Weights and Biases' own threads and process. A difference between runs with and without logging
would need many runs to tell 2 % from the machine's moods; this is the same quantity, counted where it arises. Words
after the script's own go to ``fit``.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.loops import _TrainingEpochLoop
from pytorch_lightning.trainer.connectors.logger_connector.logger_connector import _LoggerConnector

from i2s_lightning import cli
from i2s_lightning.__main__ import main as run
from i2s_lightning.callbacks.finished import WatchStore
from i2s_lightning.callbacks.percentiles import LogPercentiles
from i2s_lightning.callbacks.results import LogResults
from i2s_lightning.callbacks.speed import LogSpeed
from i2s_lightning.callbacks.thinning import ROUNDS, due
from i2s_lightning.callbacks.volume import ROWS, BoundRows

sys.path.insert(0, str(Path(__file__).parents[1]))
from offline_run import OfflineRun, sessions
from runs import table

CONFIG = Path(__file__).parents[2] / "configs" / "embed_wandb.yaml"
ENDS = ("on_fit_start", "on_train_start", "on_train_end")
"""Hooks of which a run has one, however long it is."""


class Meter:
    """Adds up the main thread's processor time by what it is spent on, less what calls inside it take."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, bool], float] = defaultdict(float)
        self._stack: list[tuple[str, bool]] = []
        self._mark = 0.0

    def metered(self, name: str, once: bool, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function; what is inside something that a run has one of is so itself."""

        def wrapped(*args: Any, **options: Any) -> Any:
            self._pass()
            self._stack.append((name, once or any(outer for _, outer in self._stack)))
            try:
                return function(*args, **options)
            finally:
                self._pass()
                self._stack.pop()

        return wrapped

    def _pass(self) -> None:
        now = time.thread_time()
        if self._stack:
            self.seconds[self._stack[-1]] += now - self._mark
        self._mark = now

    def watch(self) -> None:
        """Wrap everything that is there for loggers."""
        for callback in (WatchStore, LogPercentiles, LogSpeed, LogResults, BoundRows, *cli.CALLBACKS.values()):
            for hook in [name for name in dir(callback) if name.startswith("on_")]:
                if any(hook in vars(base) for base in callback.__mro__ if base.__module__.startswith("i2s_lightning")):
                    setattr(callback, hook, self.metered(callback.__name__, hook in ENDS, getattr(callback, hook)))
        log = self.metered("loggers: numbers", False, _LoggerConnector.log_metrics)
        _LoggerConnector.log_metrics = log  # type: ignore[method-assign]
        begin = WandbLogger.experiment.fget
        WandbLogger.experiment = property(self.metered("loggers: beginning", True, begin))  # type: ignore[arg-type]


def measure(out: Path, words: list[str]) -> tuple[Meter, dict[str, float]]:
    """Run ``fit``; give the meter, and the processor time of all steps and of what is not the main thread's."""
    import wandb

    meter, clocks = Meter(), {"steps": 0.0}
    meter.watch()
    advance, fit = _TrainingEpochLoop.advance, Trainer.fit

    def timed(*args: Any) -> Any:
        begun, spent = time.thread_time(), sum(meter.seconds.values())
        result = advance(*args)
        clocks["steps"] += time.thread_time() - begun - (sum(meter.seconds.values()) - spent)
        return result

    def fitted(*args: Any, **options: Any) -> None:
        begun, wall = time.process_time() - time.thread_time(), time.monotonic()
        fit(*args, **options)
        clocks["threads"] = time.process_time() - time.thread_time() - begun
        clocks["wall"] = time.monotonic() - wall

    _TrainingEpochLoop.advance, Trainer.fit = timed, fitted  # type: ignore[method-assign]
    status = run(["fit", f"--config={CONFIG}", f"--out={out}", "--trainer.logger.init_args.offline=true", *words])
    wandb.finish()
    wandb.teardown()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    clocks["process"] = usage.ru_utime + usage.ru_stime
    if status:
        raise SystemExit(status)
    return meter, clocks


def time_table(meter: Meter, clocks: dict[str, float]) -> str:
    """Lay out what was measured; shares are of the steps' own time."""
    steps, rows = clocks["steps"], [["steps, without any logging", f"{clocks['steps']:.2f}", ""]]
    running = {name: s for (name, once), s in meter.seconds.items() if not once}
    running["Weights and Biases: threads"] = clocks["threads"]
    for name, seconds in sorted(running.items(), key=lambda pair: -pair[1]):
        rows.append([name, f"{seconds:.2f}", f"{100 * seconds / steps:.2f} %"])
    total = sum(running.values())
    rows.append(["**all, during the run**", f"{total:.2f}", f"**{100 * total / steps:.2f} %**"])
    for (name, once), seconds in meter.seconds.items():
        if once and seconds >= 0.01:
            rows.append([f"once: {name}", f"{seconds:.2f}", ""])
    beside = f"{clocks['process']:.2f}", f"{100 * clocks['process'] / clocks['wall']:.2f} % of a core"
    rows.append([f"beside it, in {clocks['wall']:.0f} s: Weights and Biases' own process", *beside])
    return table(["processor time", "seconds", "of the steps"], rows)


def volume_table(session: OfflineRun, pictures: int, steps: int, at_once: int) -> str:
    """Lay out the bytes of one of each kind, and of ``pictures`` pictures in a day."""
    history, files = session.history(), session.folder / "files" / "media"
    numbers = sum(record.ByteSize() for kind in ("history", "summary") for record in session.of(kind))
    system = sum(record.ByteSize() for record in session.of("stats")) / (history[-1]["_runtime"] / 3600)
    grid, gallery = _mean(files.glob("images/grid*")), _mean(files.glob("images/gallery/*"))
    total_steps = -(-pictures // at_once) * steps
    rounds = total_steps // 100
    ends = sum(due(n, 1, ROUNDS) for n in range(1, rounds + 1))
    grids = sum(due(n, 100) for n in range(100, total_steps + 1, 100)) + sum(due(n, 1) for n in range(1, rounds + 1))
    doublings = pictures.bit_length()
    shown = sum(min(1000, pictures >> i) for i in range(doublings))
    kinds = [
        ("numbers: a row", numbers / len(history), min(ROWS, total_steps // 10) + 2 * ends),
        ("grid: a page of 4 pictures", grid, grids),
        ("gallery: a picture", gallery, 16 * doublings),
        ("table: a picture (JPEG)", _thumbnail(session), shown),
        ("table: a row without", _row(session), 2 * pictures),
        ("Weights and Biases' system metrics: an hour", system, 24),
    ]
    rows = [[name, f"{size / 1000:.1f}", f"{count:,}", f"{size * count / 1e6:.0f}"] for name, size, count in kinds]
    rows.append(["**all**", "", "", f"**{sum(size * count for _, size, count in kinds) / 1e6:.0f}**"])
    return table(["what is logged", "kB each", f"times, {pictures:,} pictures", "MB"], rows)


def _mean(paths: Any) -> float:
    sizes = [path.stat().st_size for path in paths]
    return sum(sizes) / len(sizes) if sizes else 0.0


def _thumbnail(session: OfflineRun) -> float:
    entries = [e for a in session.of("artifact") if a.type == "run_table" for e in a.manifest.contents]
    sizes = [entry.size for entry in entries if entry.path.endswith(".jpg")]
    return sum(sizes) / len(sizes)


def _row(session: OfflineRun) -> float:
    path = session.media("results")[-1]
    return path.stat().st_size / session.series("results.nrows")[-1][1]


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="keep the run there")
    options, words = parser.parse_known_args()
    os.environ["WANDB_SILENT"] = "true"
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {f"WANDB_{name}_DIR": f"{folder}/{name}" for name in ("DATA", "CACHE")}
        out = options.out or Path(folder) / "run"
        meter, clocks = measure(out, words)
        (session,) = sessions(out)
        print(time_table(meter, clocks))
        print()
        print(volume_table(session, pictures=70_000, steps=300, at_once=8))


if __name__ == "__main__":
    main()
