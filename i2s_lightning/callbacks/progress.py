"""Progress of the whole data set, not of one round."""

import math
import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from i2s_lightning.callbacks.pace import Pace, share_done
from i2s_lightning.tasks.embed import Embed

LINE_EVERY = 30.0
"""Seconds between lines where there is no terminal."""


class EmbedProgress(ProgressBar):
    """Shows rounds, pictures, step, loss, PSNR, images an hour and the time left for the whole data set.

    On a terminal, Rich's bar; in a log file or a notebook, plain lines, now and then.
    """

    def __init__(self) -> None:
        super().__init__()
        self._enabled = True
        self._bar: Progress | None = None
        self._pace = Pace()
        self._said = 0.0
        self._steps = self._first_round = 0

    def disable(self) -> None:
        """Show nothing (Lightning calls this on all ranks but the first)."""
        self._enabled = False

    def enable(self) -> None:
        """Show progress."""
        self._enabled = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count."""
        self._pace, self._said = Pace(), time.monotonic()
        self._steps, self._first_round = 0, trainer.current_epoch
        console = Console(stderr=True)
        if self._enabled and console.is_terminal and not console.is_dumb_terminal and not console.is_jupyter:
            bar = BarColumn(None, table_column=Column(min_width=6, max_width=20, ratio=1))
            text = TextColumn("{task.description}", table_column=Column(ratio=6))  # a narrow terminal gets two lines
            self._bar = Progress(bar, text, console=console, transient=True, expand=True)
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
            share = share_done(trainer, pl_module)
            self._show(share, self._describe(trainer, pl_module, share))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say after the first round how long all will take."""
        assert isinstance(pl_module, Embed)
        if self._enabled and self._bar is None and trainer.current_epoch == self._first_round:
            share = share_done(trainer, pl_module)
            self._show(share, self._describe(trainer, pl_module, share))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the bar away."""
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Put the bar away."""
        self._close()

    def _describe(self, trainer: pl.Trainer, task: Embed, share: float) -> str:
        """Tell everything in words."""
        exchange = task.exchange
        here = trainer.current_epoch - self._first_round + 1
        words = [
            f"round {here}/{max(here, exchange.rounds)}",  # more when a checkpoint cut one in two
            f"{exchange.done}/{exchange.total} pictures",
            f"step {int(task.rows.tracker.age.max())}/{task.steps}",
        ]
        for title, key in (("loss", "train/loss"), ("PSNR", "train/psnr")):
            value = float(trainer.callback_metrics.get(key, math.nan))
            words += [f"{title} {value:.3g}"] if math.isfinite(value) else []
        words.append(f"{self._pace.images_per_hour(task, share):.0f} images/h")
        return "  ".join([*words, f"{_clock(self._pace.seconds_left(task, share))} left"])

    def _show(self, share: float, text: str) -> None:
        self._said = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=share, description=text)
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
    before = len(task.data.pictures) - exchange.total
    following = "" if task.sequence is None else f" ({task.sequence} after another)"
    return (
        f"{exchange.total} pictures to embed ({before} are done), {at_once} at a time on {trainer.world_size} "
        f"process{'es' if trainer.world_size > 1 else ''}: at most {exchange.rounds} rounds of "
        f"{task.round_steps} steps, {task.steps} steps a picture{following}, "
        f"about {written / 1e6:.1f} MB to write to {task.out}"
    )


def _clock(seconds: float) -> str:
    if seconds == float("inf"):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
