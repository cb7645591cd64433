"""Pictures, tables, curves, videos and alerts for whichever loggers a run has.

Numbers go through Lightning alone. For everything else callbacks ask :func:`loggers_of`, and never which logger it is.
"""

from collections.abc import Sequence

import pytorch_lightning as pl
from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger, WandbLogger

from i2s_lightning.callbacks.loggers.base import Media
from i2s_lightning.callbacks.loggers.files import FileMedia
from i2s_lightning.callbacks.loggers.tensorboard import TensorBoardMedia
from i2s_lightning.callbacks.loggers.wandb import WandbMedia, continue_runs

__all__ = ["Media", "continue_runs", "loggers_of", "media_of"]

_KINDS: Sequence[tuple[type[Logger], type[Media]]] = (
    (WandbLogger, WandbMedia),
    (TensorBoardLogger, TensorBoardMedia),
    (CSVLogger, FileMedia),
)


def loggers_of(trainer: pl.Trainer) -> list[Media]:
    """Give what a run's loggers can take; nothing on all processes but the first."""
    return [media_of(logger) for logger in trainer.loggers] if trainer.is_global_zero else []


def media_of(logger: Logger) -> Media:
    """Give what one logger can take; one that is not known gets numbers only."""
    return next((media(logger) for kind, media in _KINDS if isinstance(logger, kind)), Media(logger))
