"""How fast a run is, round by round and over all, and what memory it takes."""

import time

import pytorch_lightning as pl
import torch

from i2s_lightning.callbacks.pace import Pace, share_done
from i2s_lightning.callbacks.thinning import ROUNDS, due
from i2s_lightning.tasks.embed import Embed

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class LogSpeed(pl.Callback):
    """Logs images/hour and seconds/step of each round and of the run, the time left, and the peak of memory so far.

    Memory is what the first process has allocated on its GPU, or its resident set where there is none.
    """

    def __init__(self) -> None:
        self._pace = Pace()
        self._steps = self._first_step = 0
        self._share: float | None = None
        self._round_begun = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count."""
        self._pace = Pace()
        self._first_step = self._steps = trainer.global_step
        self._share, self._round_begun = None, time.monotonic()  # a round that a checkpoint cut in two has no start

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin a round."""
        assert isinstance(pl_module, Embed)
        self._round_begun, self._steps = time.monotonic(), trainer.global_step
        self._share = share_done(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log the round's figures, in very long runs not of all rounds."""
        assert isinstance(pl_module, Embed)
        steps = trainer.global_step - self._steps
        if steps == 0 or not due(trainer.current_epoch + 1, 1, ROUNDS):  # none: it was over before it was cut
            return
        share, seconds = share_done(trainer, pl_module), time.monotonic() - self._round_begun
        before = pl_module.exchange.share_at_start if self._share is None else self._share
        gained = pl_module.exchange.total * (share - before)
        values = {
            "round/images_per_hour": 3600 * gained / seconds,
            "round/seconds_per_step": seconds / steps,
            "run/images_per_hour": self._pace.images_per_hour(pl_module, share),
            "run/seconds_per_step": self._pace.spent / max(1, trainer.global_step - self._first_step),
            "run/hours_left": self._pace.seconds_left(pl_module, share) / 3600,
            "run/percent": 100 * share,
            "run/peak_memory_mib": peak_memory(pl_module.device) / 2**20,
        }
        pl_module.log_dict(values)


def peak_memory(device: torch.device) -> int:
    """Give the most bytes that were taken so far; 0 on systems that don't tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return 0 if resource is None else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux
