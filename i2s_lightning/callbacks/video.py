"""A film of each chosen picture coming to look like its target."""

import logging
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytorch_lightning as pl
from torch import Tensor

from i2s_lightning.callbacks.frames import Frames
from i2s_lightning.callbacks.inflight import render_row
from i2s_lightning.callbacks.loggers import loggers_of
from i2s_lightning.callbacks.strips import page, smaller
from i2s_lightning.checkpoints.store import Result
from i2s_lightning.edits.options import Number
from i2s_lightning.edits.sinks import Look, open_sink
from i2s_lightning.errors import ConfigError
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.listener import ResultListener

log = logging.getLogger(__name__)

HOLD = 1.0
"""Seconds that the result stays."""


class OptimisationVideo(ResultListener):
    """Writes ``videos/NAME.mp4``: the target beside what the latent renders to, at steps that grow further apart.

    Frames wait on the disk, beside the video to be, until their picture is done. A run that was killed goes on with
    them. The last frame is the stored result.

    Args:
        out: The run folder.
        first: Film so many pictures, the first of the data set.
        images: Film those of these names.
        frames: How many frames, at most.
        fps: Frames a second.
        format: ``mp4`` needs PyAV.
        side: The longer side of each picture in pixels, at most.
    """

    def __init__(
        self,
        out: str,
        first: int = 0,
        images: list[str] | None = None,
        frames: int = 60,
        fps: Number = 12.0,
        format: Literal["mp4", "gif", "webp"] = "mp4",
        side: int = 256,
    ) -> None:
        if frames < 1:
            raise ConfigError(f"video.frames must be at least 1; got {frames}")
        self.folder = Path(out) / "videos"
        self.first, self.images, self.frames = first, frozenset(images or ()), frames
        self.fps, self.format, self.side = fps, format, side
        self._numbers: dict[int, int] = {}
        self._wanted: frozenset[int] = frozenset()

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Find out what to film.

        Raises:
            ConfigError: A picture that is not in the data.
        """
        assert isinstance(pl_module, Embed)
        pictures = pl_module.data.pictures
        missing = self.images - {picture.name for picture in pictures}
        if missing:
            raise ConfigError(f"video.images: no picture {sorted(missing)[0]!r} in the data")
        self._wanted = frozenset(i for i, p in enumerate(pictures) if i < self.first or p.name in self.images)
        self._numbers = {step: number for number, step in enumerate(film_steps(pl_module.steps, self.frames))}

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take the frames that are due."""
        assert isinstance(pl_module, Embed)
        if self._wanted:
            rows, pictures = pl_module.rows, pl_module.rows.slots.pictures
            for row, step in enumerate(rows.steps):
                if pictures[row] in self._wanted and step in self._numbers:
                    self._take(pl_module, row, step)

    def on_result(
        self, trainer: pl.Trainer, module: pl.LightningModule, result: Result, pixels: Tensor, target: Tensor
    ) -> None:
        """Make the film of a finished picture."""
        assert isinstance(module, Embed)
        name = str(result.record["name"])
        if not any(module.data.pictures[i].name == name for i in self._wanted):
            return
        left, last = (smaller(p.numpy(), self.side) for p in (target, pixels))
        steps, frames = {n: step for step, n in self._numbers.items()}, self._frames(name, last.shape)
        path = self.folder / f"{name}.{self.format}"
        with open_sink(path, Look(self.fps)) as add:
            for number, seen in frames.read():
                add(_frame(left, seen, f"step {steps[number]}"))
            for _ in range(max(1, round(HOLD * self.fps))):
                add(_frame(left, last, f"stored: best of {result.record['steps']} steps"))
        frames.delete()
        for logger in loggers_of(trainer):
            logger.video(f"video/{name}", path, trainer.global_step)

    def _take(self, task: Embed, row: int, step: int) -> None:
        if int(task.rows.tracker.age[row]) == step:  # not one that has stopped
            seen = smaller(render_row(task, row, task.rows.latents[row].detach()).cpu().numpy(), self.side)
            name = task.data.pictures[task.rows.slots.pictures[row]].name
            self._frames(name, seen.shape).write(self._numbers[step], seen)

    def _frames(self, name: str, shape: tuple[int, ...]) -> Frames:
        return Frames(self.folder / f"{name}.frames", shape)


def film_steps(steps: int, frames: int) -> list[int]:
    """Choose the steps after which a frame is taken: from 1 to ``steps``, ever further apart.

    Example:
        >>> film_steps(300, 8)
        [1, 2, 5, 12, 26, 59, 133, 300]
    """
    return sorted({round(step) for step in np.geomspace(1, steps, frames).tolist()})


def _frame(target: Any, seen: Any, text: str) -> Any:
    return np.asarray(page([[target, seen]], [[text]], title=""))
