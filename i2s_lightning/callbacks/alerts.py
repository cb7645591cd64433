"""Things that somebody should look at: pictures that failed, a loss that has stalled."""

import logging
from collections.abc import Sequence

import pytorch_lightning as pl

from i2s_lightning.callbacks.finished import FinishedListener, Record, Totals
from i2s_lightning.callbacks.loggers import loggers_of
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.tracker import FAILED, STATUS_NAMES

log = logging.getLogger(__name__)

LISTED = 5


class Alerts(FinishedListener):
    """Warns on the terminal and through loggers that can, at most once a round.

    Args:
        stalled_after: Warn when half of the pictures in flight have not come to a lower loss for so many steps; 0:
            never. Once, until it falls again.
        failed: Warn of pictures that failed.
    """

    def __init__(self, stalled_after: int = 500, failed: bool = True) -> None:
        self.stalled_after, self.failed = stalled_after, failed
        self._stalled = False

    def on_finished(self, trainer: pl.Trainer, task: Embed, new: Sequence[Record], totals: Totals) -> None:
        """Look for failed pictures."""
        names = [str(record["name"]) for record in new if record["status"] == STATUS_NAMES[FAILED]]
        if names and self.failed:
            more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
            every = totals.statuses[STATUS_NAMES[FAILED]]
            text = f"{', '.join(names[:LISTED])}{more}; {every} of {len(totals)} finished pictures in all"
            _tell(trainer, "Pictures failed", text)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look for a stalled loss."""
        assert isinstance(pl_module, Embed)
        stalled = self.stalled_after > 0 and self._mostly_stalled(pl_module)
        if stalled and not self._stalled:
            text = f"most pictures in flight have come to no lower loss for {self.stalled_after} steps"
            _tell(trainer, "The loss has stalled", text)
        self._stalled = stalled

    def _mostly_stalled(self, task: Embed) -> bool:
        tracker = task.rows.tracker
        waits = (tracker.age - tracker.best_step)[tracker.running]
        return 2 * int((waits > self.stalled_after).sum()) > len(waits)


def _tell(trainer: pl.Trainer, title: str, text: str) -> None:
    if trainer.is_global_zero:
        log.warning("%s: %s", title, text)
    for logger in loggers_of(trainer):
        logger.alert(title, text)
