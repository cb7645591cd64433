"""A bound on what a long run logs step by step."""

import logging

import pytorch_lightning as pl

from i2s_lightning.tasks.embed import Embed

log = logging.getLogger(__name__)

ROWS = 50_000
"""Rows of numbers that a session logs at most: about 100 MB with Weights and Biases, which draws 1500 points anyway."""


class BoundRows(pl.Callback):
    """Raises ``trainer.log_every_n_steps`` where a run would log more than 50,000 rows."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at the forecast, which the first pictures' entry makes possible."""
        assert isinstance(pl_module, Embed)
        lowest = -(-pl_module.exchange.rounds * pl_module.round_steps // ROWS)
        given = trainer.log_every_n_steps  # type: ignore[attr-defined]
        if 0 < given < lowest:
            trainer.log_every_n_steps = lowest  # type: ignore[attr-defined]
            log.warning("logging every %d steps, not every %d: more than %d rows otherwise", lowest, given, ROWS)
