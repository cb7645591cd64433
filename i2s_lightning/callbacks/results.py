"""Scores of finished pictures: the last round's, and how all are spread."""

from collections.abc import Sequence

import numpy as np
import pytorch_lightning as pl

from i2s_lightning.callbacks.finished import MEASURES, FinishedListener, Record, Totals
from i2s_lightning.callbacks.loggers import loggers_of
from i2s_lightning.callbacks.percentiles import SHARES
from i2s_lightning.callbacks.thinning import ROUNDS, due
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.tracker import DONE, EARLY, FAILED, STATUS_NAMES


class LogResults(FinishedListener):
    """Logs how many pictures are done, early, failed; the last ones' mean scores; percentiles over all.

    After every round that finished any; in very long runs more seldom, with the means since last time.
    """

    def __init__(self) -> None:
        self._times = 0
        self._new: list[Record] = []
        self._totals = Totals()

    def on_finished(self, trainer: pl.Trainer, task: Embed, new: Sequence[Record], totals: Totals) -> None:
        """Log them when it is time."""
        self._times += 1
        self._new += new
        self._totals = totals
        if due(self._times, 1, ROUNDS):
            self._log(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log what came since."""
        if self._new:
            self._log(trainer)

    def _log(self, trainer: pl.Trainer) -> None:
        new, totals, self._new = self._new, self._totals, []
        statuses = totals.statuses
        names = [STATUS_NAMES[status] for status in (DONE, EARLY, FAILED)]
        values = {f"count/{name}": float(statuses[name]) for name in names}
        for measure in MEASURES:
            every = _finite(totals.values(measure))
            fresh = _finite([float(record[measure]) for record in new if measure in record])
            if len(fresh):
                values[f"round/{measure}"] = float(fresh.mean())
            if len(every):
                values[f"done/{measure}/mean"] = float(every.mean())
                spread = np.percentile(every, SHARES)
                values |= {f"done/{measure}/p{s:02d}": float(v) for s, v in zip(SHARES, spread, strict=True)}
        for logger in loggers_of(trainer):
            logger.scalars(values, trainer.global_step)


def _finite(values: Sequence[float]) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    finite: np.ndarray = numbers[np.isfinite(numbers)]
    return finite
