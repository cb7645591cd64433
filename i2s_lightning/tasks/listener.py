"""Callbacks that are told of every finished picture."""

import pytorch_lightning as pl
from torch import Tensor

from i2s_lightning.checkpoints.store import Result


class ResultListener(pl.Callback):
    """A Lightning callback with one more hook; called on the rank that embedded the picture."""

    def on_result(
        self, trainer: pl.Trainer, module: pl.LightningModule, result: Result, pixels: Tensor, target: Tensor
    ) -> None:
        """Take note of a finished picture, before its result is written to the store.

        Args:
            trainer: The trainer.
            module: The task.
            result: Its record and tensors.
            pixels: The picture rendered from the latent that is stored, ``(H, W, C)`` uint8.
            target: What it was to be, ``(H, W, C)`` uint8.
        """


def tell(trainer: pl.Trainer, module: pl.LightningModule, result: Result, pixels: Tensor, target: Tensor) -> None:
    """Call the hook of every listener among the trainer's callbacks."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, ResultListener):
            callback.on_result(trainer, module, result, pixels, target)
