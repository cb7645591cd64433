"""Finished pictures of all processes, as the first one finds them in the store."""

import math
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytorch_lightning as pl

from i2s_lightning.checkpoints.store import read_shard, shards
from i2s_lightning.tasks.embed import Embed

MEASURES: Final = ("loss", "psnr", "ssim", "perceptual", "w_avg_distance", "steps")

Record = Mapping[str, Any]


class Totals:
    """Statuses and measures of all finished pictures, a few bytes each."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._statuses: list[str] = []
        self._columns = {measure: array("d") for measure in MEASURES}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, record: Record) -> None:
        """Count a picture; one that was embedded again replaces itself."""
        row = self._rows.setdefault(str(record["name"]), len(self._rows))
        self._statuses[row : row + 1] = [str(record["status"])]
        for measure, column in self._columns.items():
            column[row : row + 1] = array("d", [float(record.get(measure, math.nan))])

    @property
    def statuses(self) -> Counter[str]:
        """How many pictures have each status."""
        return Counter(self._statuses)

    def values(self, measure: str) -> Sequence[float]:
        """Give one measure of all pictures; NaN where it is not defined."""
        return self._columns[measure]


class FinishedListener(pl.Callback):
    """A callback with one more hook, called on the first process only."""

    def on_finished(self, trainer: pl.Trainer, task: Embed, new: Sequence[Record], totals: Totals) -> None:
        """Take note of pictures that were stored since last time.

        Args:
            trainer: The trainer.
            task: The task.
            new: Their records, of all processes; at least one.
            totals: Of all stored pictures, those of earlier sessions too.
        """


class WatchStore(pl.Callback):
    """Tells every :class:`FinishedListener` what came into the store, after each round.

    Reading what all processes have written costs a few milliseconds a round and no word between them.
    """

    def __init__(self) -> None:
        self.totals = Totals()
        self._seen: set[str] = set()
        self._old: set[str] = set()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count what earlier sessions left, at the first look; it is not new."""
        self.totals, self._seen = Totals(), set()
        assert isinstance(pl_module, Embed)
        self._old = {path.name for path in shards(pl_module.out / "latents")}

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look after the first pictures' entry and after each round."""
        self._look(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look for the last time."""
        self._look(trainer, pl_module)

    def _look(self, trainer: pl.Trainer, task: pl.LightningModule) -> None:
        assert isinstance(task, Embed)
        listeners = [c for c in trainer.callbacks if isinstance(c, FinishedListener)]  # type: ignore[attr-defined]
        if not trainer.is_global_zero or not listeners or not trainer.loggers:
            return
        new = [record for path in self._unseen(task.out / "latents") for record in self._read(path)]
        for listener in listeners if new else []:
            listener.on_finished(trainer, task, new, self.totals)

    def _unseen(self, folder: Path) -> list[Path]:
        paths = [path for path in shards(folder) if path.name not in self._seen]
        self._seen |= {path.name for path in paths}
        return paths

    def _read(self, path: Path) -> list[Record]:
        records: list[Record] = [entry.record for entry in read_shard(path)[0]]
        for record in records:
            self.totals.add(record)
        return [] if path.name in self._old else records
