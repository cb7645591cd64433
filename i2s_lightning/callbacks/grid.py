"""The first pictures in flight, as they come to look like their targets."""

from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from i2s_lightning.callbacks.inflight import render_row
from i2s_lightning.callbacks.loggers import loggers_of
from i2s_lightning.callbacks.strips import page, strip
from i2s_lightning.callbacks.thinning import due
from i2s_lightning.tasks.embed import Embed

KEY = "grid"


class LogGrid(pl.Callback):
    """Logs target, best embedding so far and difference of a few pictures.

    Every so many steps and at each round's end, more seldom in long runs (:func:`due`): two million steps give about
    400 grids.

    Args:
        every_n_steps: How often.
        pictures: How many; 0 logs no grid.
        side: The longer side of each picture in pixels, at most.
    """

    def __init__(self, every_n_steps: int = 100, pictures: int = 4, side: int = 256) -> None:
        self.every, self.pictures, self.side = every_n_steps, pictures, side
        self._targets: dict[int, Tensor] = {}
        self._logged = 0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log when so many steps have been made."""
        if due(trainer.global_step, self.every):
            self._log(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log what the round's pictures have become, before those that are done leave."""
        if due(trainer.current_epoch + 1, 1):
            self._log(trainer, pl_module)

    def _log(self, trainer: pl.Trainer, task: pl.LightningModule) -> None:
        assert isinstance(task, Embed)
        rows, loggers = task.rows.slots.occupied[: self.pictures], loggers_of(trainer)
        if not rows or not loggers or trainer.global_step == self._logged:
            return
        self._logged = trainer.global_step
        picture = page([self._strip(task, row) for row in rows], [_lines(task, row) for row in rows], columns=2)
        self._targets = {i: t for i, t in self._targets.items() if i in task.rows.slots.pictures}
        for logger in loggers:
            logger.pictures(KEY, [picture], [f"step {trainer.global_step}"], trainer.global_step)

    def _strip(self, task: Embed, row: int) -> list[Any]:
        picture = task.rows.slots.pictures[row]
        if picture not in self._targets:  # reading a photograph takes longer than all the rest
            self._targets[picture] = task.data.read(picture)
        return strip(self._targets[picture], render_row(task, row, task.rows.tracker.best[row]), self.side)


def _lines(task: Embed, row: int) -> list[str]:
    tracker = task.rows.tracker
    facts = f"step {int(tracker.age[row])}/{task.steps}   best loss {float(tracker.best_loss[row]):.4g}"
    return [task.data.pictures[task.rows.slots.pictures[row]].name, facts]
