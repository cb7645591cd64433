"""Progress of the whole data set, not of one round."""

import sys
import time
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ProgressBar
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.tracker import EMPTY, RUNNING

LINE_EVERY = 30.0
"""Seconds between lines where there is no terminal."""


class EmbedProgress(ProgressBar):
    """Shows pictures done, step, loss, PSNR, images an hour and the time left; a line now and then in a log file."""

    def __init__(self) -> None:
        super().__init__()
        self._enabled = True
        self._bar: Progress | None = None
        self._begun = self._said = 0.0
        self._steps = 0

    def disable(self) -> None:
        """Show nothing (Lightning calls this on all ranks but the first)."""
        self._enabled = False

    def enable(self) -> None:
        """Show progress."""
        self._enabled = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count."""
        self._begun = self._said = time.monotonic()
        self._steps = 0
        if self._enabled and sys.stderr.isatty():
            columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._bar = Progress(*columns, transient=True)
            self._bar.add_task("starting", total=1.0)
            self._bar.start()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Forecast the run before its first step."""
        assert isinstance(pl_module, Embed)
        if self._enabled and self._steps == 0:
            self._write(_forecast(trainer, pl_module))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Show the values of a logged step; others are not worth waiting for the device."""
        assert isinstance(pl_module, Embed)
        self._steps += 1
        due = self._bar is not None or time.monotonic() - self._said >= LINE_EVERY
        if self._enabled and pl_module.step_terms and due:
            self._show(*self._describe(trainer, pl_module))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the bar away."""
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Put the bar away."""
        self._close()

    def _describe(self, trainer: pl.Trainer, task: Embed) -> tuple[float, str]:
        """Tell the share of the work that is done, and everything else in words."""
        exchange, tracker = task.exchange, task.rows.tracker
        ages = torch.where(tracker.status == RUNNING, tracker.age, task.steps)  # an early leaver has no more work
        ages = torch.where(tracker.status == EMPTY, 0, ages)
        share = (exchange.done * task.steps + int(ages.sum()) * trainer.world_size) / (exchange.total * task.steps)
        spent = time.monotonic() - self._begun
        gained = share - exchange.share_at_start
        left = spent * (1 - share) / gained if gained > 0 else float("inf")
        rate = 3600 * exchange.total * gained / spent if spent else 0.0
        shown = {"loss": trainer.callback_metrics.get("train/loss"), "PSNR": trainer.callback_metrics.get("train/psnr")}
        values = "  ".join(f"{name} {float(value):.3g}" for name, value in shown.items() if value is not None)
        step = int(ages.max())
        text = (
            f"{exchange.done}/{exchange.total} pictures  step {step}/{task.steps}  {values}  "
            f"{rate:.0f} images/h  {_clock(left)} left"
        )
        return share, text

    def _show(self, share: float, text: str) -> None:
        self._said = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=min(share, 1.0), description=text)
        else:
            self._write(f"{100 * share:3.0f}%  {text}")

    def _write(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _forecast(trainer: pl.Trainer, task: Embed) -> str:
    """Tell what is going to happen, and how much will be written."""
    exchange, at_once = task.exchange, trainer.world_size * len(task.rows)
    noise = sum(h * w for h, w in task.generator.noise_shapes) if task.noise == "fixed" else 0
    latent = 4 * (task.generator.num_ws * task.generator.w_dim + noise)
    channels, height, width = task.picture_shape
    written = exchange.total * (latent + 2000 + channels * height * width * 2 // 3)  # a PNG saves about a third
    rounds = -(-exchange.total // at_once) * -(-task.steps // task.round_steps)
    before = len(task.data.pictures) - exchange.total
    return (
        f"{exchange.total} pictures to embed ({before} are done), {at_once} at a time on {trainer.world_size} "
        f"process{'es' if trainer.world_size > 1 else ''}: at most {rounds} rounds of {task.round_steps} steps, "
        f"{task.steps} steps a picture, about {written / 1e6:.1f} MB to write to {task.out}"
    )


def _clock(seconds: float) -> str:
    if seconds == float("inf"):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
