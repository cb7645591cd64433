"""Save when the system asks the process to end."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl


class SaveOnSigterm(pl.Callback):
    """Writes the checkpoint on SIGTERM, at the end of the step; Lightning then ends the process.

    Ranks may be at different steps: state belongs to the picture, so they need not be at the same.

    Args:
        out: The run folder.
    """

    def __init__(self, out: str) -> None:
        self.path = Path(out) / "checkpoints" / "last.ckpt"

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save if the signal has come."""
        if trainer.received_sigterm:
            trainer.save_checkpoint(self.path)
