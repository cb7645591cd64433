"""Embedding one more picture: the same task, Lightning's Trainer, and somebody who watches."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from i2s_lightning.callbacks.pictures import SaveRenders
from i2s_lightning.checkpoints import Embedding, load_embedding
from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.data.module import EmbedData
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.studio.rendering import Pixels
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.rounds import TRAINER_DEFAULTS

LEARNING_RATE, LAST_RATE = 0.05, 0.002
"""Adam's, and what its cosine schedule ends with: as ``configs/embed.yaml`` has them for few steps."""
FEWEST, MOST = 50, 500
"""Steps that can be chosen: fewer show little, more belong to ``fit``."""
SHOWS = 12
"""How many times the picture so far is rendered."""


@dataclass(frozen=True)
class Progress:
    """How far an embedding is.

    Attributes:
        step: Steps made.
        steps: Steps in all.
        psnr: In dB, of the latest logged step; None before the first.
        pixels: The picture so far.
    """

    step: int = 0
    steps: int = 1
    psnr: float | None = None
    pixels: Pixels | None = None


class Watcher(pl.Callback):
    """Takes note of the progress, and ends the run at its next step when it is told to stop."""

    def __init__(self) -> None:
        self.progress = Progress()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask for the end; any thread may."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked for the end."""
        return self._stop.is_set()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at a step."""
        assert isinstance(pl_module, Embed)
        if self.stopped:
            trainer.should_stop = True
        step = self.progress.step + 1
        psnr = trainer.callback_metrics.get("train/psnr")
        due = self.progress.pixels is None or step % max(1, pl_module.steps // SHOWS) == 0
        self.progress = Progress(
            step,
            pl_module.steps,
            None if psnr is None else float(psnr),
            _so_far(pl_module) if due else self.progress.pixels,
        )


def embed_picture(
    picture: Path, out: Path, like: Embedding, *, init: str, steps: int, watcher: Watcher
) -> Embedding | None:
    """Embed a picture as the pictures of another embedding were: in its generator and space, with its noise.

    Args:
        picture: The file; its name without the ending becomes the picture's.
        out: A new run folder.
        like: The other embedding.
        init: As :class:`Embed` takes it.
        steps: Optimiser steps.
        watcher: Sees each step, and can end the run.

    Returns:
        What the run folder holds; None if the run was stopped before its end.
    """
    settings = like.run["settings"]
    task = Embed(
        generator=like.run["generator"]["file"],
        space=settings["space"],
        init=init,
        steps=steps,
        optimizer=lambda params: torch.optim.Adam(params, lr=LEARNING_RATE),
        lr_scheduler=lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, LAST_RATE),
        noise=settings["noise"],
        label=settings.get("label"),
        out=str(out),
    )
    trainer = pl.Trainer(
        **TRAINER_DEFAULTS | {"log_every_n_steps": 5},
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        default_root_dir=out,
        callbacks=[watcher, SaveRenders(str(out))],
    )
    trainer.fit(task, EmbedData(path=str(picture), batch_size=1))
    return None if watcher.stopped else load_embedding(out, like.generator)


def preprocess_of(embedding: Embedding) -> Preprocess:
    """Tell how an embedding's pictures were brought to size; the default where it does not say."""
    settings = dict(embedding.run["settings"].get("data", {}))
    return Preprocess(**settings | {"background": tuple(settings["background"])}) if settings else Preprocess()


def _so_far(task: Embed) -> Pixels:
    with torch.no_grad():
        ws = task.space.to_ws(task.rows.tracker.best[:1])[0]
        noise = None if task.rows.slots.noise is None else [m[0] for m in task.rows.slots.noise]
        return to_uint8(render_one(task.generator, ws, task.noise_mode, noise).unsqueeze(0))[0].cpu().numpy()
