"""How far a run is, and how fast."""

import time
from typing import TYPE_CHECKING

import pytorch_lightning as pl
import torch

from i2s_lightning.tasks.tracker import EMPTY, RUNNING

if TYPE_CHECKING:
    from i2s_lightning.tasks.embed import Embed


class Pace:
    """Measures a run from where it begins, or goes on."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun

    def gained(self, task: "Embed", share: float) -> float:
        """Give the share of the work that was done since the beginning."""
        return share - task.exchange.share_at_start

    def images_per_hour(self, task: "Embed", share: float) -> float:
        """Give the pictures an hour, of all processes."""
        return 3600 * task.exchange.total * self.gained(task, share) / self.spent

    def seconds_left(self, task: "Embed", share: float) -> float:
        """Give the time that the rest of the data set takes at this pace; infinite before the first step."""
        gained = self.gained(task, share)
        return self.spent * (1 - share) / gained if gained > 0 else float("inf")


def share_done(trainer: pl.Trainer, task: "Embed") -> float:
    """Give the part of all pictures' steps that is done; other processes are taken to be where this one is."""
    exchange, tracker = task.exchange, task.rows.tracker
    ages = torch.where(tracker.status == RUNNING, tracker.age, task.steps)  # an early leaver has no more work
    ages = torch.where(tracker.status == EMPTY, 0, ages)
    steps = exchange.done * task.steps + int(ages.sum()) * trainer.world_size
    return min(1.0, steps / max(1, exchange.total * task.steps))
