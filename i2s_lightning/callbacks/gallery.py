"""Finished pictures to look at: the worst and the best, and a table of all."""

import heapq
from collections.abc import Callable, Sequence
from typing import Any

import pytorch_lightning as pl

from i2s_lightning.callbacks.finished import FinishedListener, Record, Totals
from i2s_lightning.callbacks.loggers import Media, loggers_of
from i2s_lightning.callbacks.loggers.base import Cell
from i2s_lightning.callbacks.strips import TITLE, Strips, page, scores
from i2s_lightning.callbacks.thinning import Doubling
from i2s_lightning.checkpoints import Embedding
from i2s_lightning.drawing.sheet import Pixels
from i2s_lightning.edits.space import judge, typicality
from i2s_lightning.tasks.embed import Embed

COLUMNS = ("psnr", "ssim", "perceptual", "loss", "steps", "best_step", "w_avg_distance")


class Overview(FinishedListener):
    """A callback that shows all results so far whenever their number has doubled, and at the end.

    What is logged again and again thus stays within twice what is logged at the end, and is whole after any crash,
    because it comes from the store.
    """

    def __init__(self) -> None:
        self._doubling = Doubling()
        self._fresh = False

    def on_finished(self, trainer: pl.Trainer, task: Embed, new: Sequence[Record], totals: Totals) -> None:
        """Log when twice as many pictures are done."""
        self._fresh = True
        if self._doubling.due(len(totals)):
            self._log(trainer, task)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log once more, unless nothing came since."""
        assert isinstance(pl_module, Embed)
        if self._fresh:
            self._log(trainer, pl_module)

    def _log(self, trainer: pl.Trainer, task: Embed) -> None:
        self._fresh = False
        loggers = [logger for logger in loggers_of(trainer) if self.wants(logger)]
        if loggers:
            self.show(loggers, task, task.open_embedding(), trainer.global_step)

    def wants(self, logger: Media) -> bool:
        """Tell whether a logger has any use for it."""
        return True

    def show(self, loggers: Sequence[Media], task: Embed, embedding: Embedding, step: int) -> None:
        """Give loggers what there is to see."""


class LogGallery(Overview):
    """Logs the pictures with the lowest and the highest PSNR.

    Args:
        pictures: How many of each; 0 logs none.
        side: The longer side of each picture in pixels, at most.
    """

    def __init__(self, pictures: int = 8, side: int = 256) -> None:
        super().__init__()
        self.pictures, self.side = pictures, side

    def wants(self, logger: Media) -> bool:
        """Tell whether there is anything to log."""
        return self.pictures > 0

    def show(self, loggers: Sequence[Media], task: Embed, embedding: Embedding, step: int) -> None:
        """Log both ends."""
        picture_of = Strips(task, embedding, self.side)
        for end, choose in (("worst", heapq.nsmallest), ("best", heapq.nlargest)):
            names = choose(self.pictures, picture_of.names(), key=lambda name: _psnr(embedding, name))
            lines = [scores(embedding.metrics[name]) for name in names]
            strips = [page([picture_of(name)], [[name, line]]) for name, line in zip(names, lines, strict=True)]
            captions = [f"{name}: {line}" for name, line in zip(names, lines, strict=True)]
            for logger in loggers if strips else []:
                logger.pictures(f"gallery/{end}", strips, captions, step)


class LogTable(Overview):
    """Logs a table with one row a picture, the worst first.

    Args:
        rows: How many at most: Weights and Biases takes no more than 200,000; 0 logs no table.
        pictures: So many rows show the pictures; the others only say.
        side: The longer side of each picture in pixels, at most.
    """

    def __init__(self, rows: int = 200_000, pictures: int = 1000, side: int = 96) -> None:
        super().__init__()
        self.rows, self.pictures, self.side = rows, pictures, side
        self._verdicts: dict[str, str] = {}

    def wants(self, logger: Media) -> bool:
        """Tell whether a logger takes tables."""
        return logger.takes_tables and self.rows > 0

    def show(self, loggers: Sequence[Media], task: Embed, embedding: Embedding, step: int) -> None:
        """Log all rows."""
        picture_of = Strips(task, embedding, self.side)
        seen = set(heapq.nsmallest(self.pictures, picture_of.names(), key=lambda name: _psnr(embedding, name)))
        names = heapq.nsmallest(self.rows, embedding.names, key=lambda name: _psnr(embedding, name))
        rows = [self._row(embedding, name, picture_of if name in seen else None) for name in names]
        for logger in loggers:
            logger.table("results", ["name", TITLE, "status", *COLUMNS, "editability"], rows, step)

    def _row(self, embedding: Embedding, name: str, picture_of: Callable[[str], list[Pixels]] | None) -> list[Cell]:
        record = embedding.metrics[name]
        shown = None if picture_of is None else page([picture_of(name)], [[]], title="")
        if name not in self._verdicts:
            self._verdicts[name] = judge(typicality(embedding, name), record.get("psnr"))
        return [name, shown, record["status"], *(record.get(key) for key in COLUMNS), self._verdicts[name]]


def _psnr(embedding: Embedding, name: str) -> Any:
    return embedding.metrics[name].get("psnr", 0.0)
