"""Save when the system asks the process to end."""

import signal
import threading
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from i2s_lightning.ranks import any_rank


class SaveOnSigterm(pl.Callback):
    """Writes the checkpoint on SIGTERM; Lightning then ends the process.

    One process saves at the end of the step. Several have to save together but share no step, and the signal reaches
    each at another one, or only some of them. So they ask one another whenever they meet anyway: at a checkpoint, which
    is then the last, or at the end of a round.

    Args:
        out: The run folder.
    """

    def __init__(self, out: str) -> None:
        self.path = Path(out) / "checkpoints" / "last.ckpt"
        self._asked = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the place of Lightning's handler.

        It would end the run as soon as the step is over, whether this callback had its turn to save after the signal or
        not, and its broadcast can meet another process in another collective.
        """
        connector = trainer._signal_connector
        self._asked, connector.received_sigterm = connector.received_sigterm, False

        def remember(signum: int, frame: Any) -> None:
            if not self._asked and trainer.strategy.launcher is not None:
                trainer.strategy.launcher.kill(signum)  # those that this process started
            self._asked = True

        if threading.current_thread() is threading.main_thread():  # no other one may set handlers
            signal.signal(signal.SIGTERM, remember)  # Lightning puts back what was there before it came

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save if the signal has come to the only process."""
        if trainer.world_size == 1 and self._asked:
            trainer.save_checkpoint(self.path)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Let a checkpoint be the last if any process has been asked to end."""
        if any_rank(trainer, self._asked):
            trainer._signal_connector.received_sigterm = True  # what Lightning's loops look at

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save at the end of a round if any process has been asked to end."""
        if trainer.world_size > 1 and not trainer.received_sigterm and any_rank(trainer, self._asked):
            trainer.save_checkpoint(self.path)
