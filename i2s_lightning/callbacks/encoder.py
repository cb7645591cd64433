"""What training an encoder tells on its way, and leaves at its end."""

import math
import sys
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ProgressBar
from rich.console import Console

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.drawing.sheet import Cell, sheet
from i2s_lightning.encoders import save_encoder
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.tasks.train_encoder import TrainEncoder

LINE_EVERY = 30.0
"""Seconds between lines of progress."""
SHOWN = 8
"""Pictures on the sheet."""


class EncoderProgress(ProgressBar):
    """Says every half minute how far the training is, what it reaches and how long it will take."""

    def __init__(self) -> None:
        super().__init__()
        self._enabled = True
        self._begun = self._said = 0.0
        self._first = 0

    def disable(self) -> None:
        """Say nothing (Lightning calls this on all ranks but the first)."""
        self._enabled = False

    def enable(self) -> None:
        """Say it."""
        self._enabled = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count."""
        self._begun, self._said, self._first = time.monotonic(), 0.0, trainer.global_step

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write a line when it is time."""
        assert isinstance(pl_module, TrainEncoder)
        if not self._enabled or time.monotonic() - self._said < LINE_EVERY:
            return
        self._said = time.monotonic()
        step, steps = trainer.global_step, pl_module.steps
        left = (self._said - self._begun) / (step - self._first) * (steps - step)
        words = [f"{100 * step / steps:3.0f}%  step {step}/{steps}"]
        for name in ("train/latent", "train/loss", "val/w/loss", "val/w_plus/loss"):
            value = float(trainer.callback_metrics.get(name, math.nan))
            words += [f"{name} {value:.3g}"] if math.isfinite(value) else []
        sys.stderr.write("  ".join([*words, f"{left / 60:.0f} min left"]) + "\n")
        sys.stderr.flush()


class SaveEncoder(pl.Callback):
    """Writes ``encoder.safetensors`` and ``encoder.png`` at the end of the training.

    Args:
        out: The run folder.
    """

    def __init__(self, out: str) -> None:
        self.out = Path(out)

    @torch.no_grad()
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write both, on rank 0, and say so."""
        assert isinstance(pl_module, TrainEncoder)
        if not trainer.is_global_zero:
            return
        facts = pl_module.describe() | {"step": trainer.global_step}
        save_encoder(pl_module.encoder, self.out / "encoder.safetensors", facts)
        samples = pl_module.held_out(SHOWN)
        guesses = [
            pl_module.encoder.w(samples.image).unsqueeze(1).expand_as(samples.ws),
            pl_module.encoder(samples.image),
        ]
        pictures = [samples.image, *(pl_module.generator.synthesis(ws) for ws in guesses)]
        cells = [Cell([p.cpu().numpy() for p in row], []) for row in zip(*map(to_uint8, pictures), strict=True)]
        scale = max(1, round(160 / max(pl_module.generator.img_shape)))
        with replacing(self.out / "encoder.png") as draft:
            sheet(cells, columns=2, scale=scale, title="held-out sample | w | w plus offsets").save(draft)
        console = Console()
        if trainer.global_step < pl_module.steps:
            console.print(f"Stopped at step {trainer.global_step} of {pl_module.steps}; the same command goes on.")
        console.print(f"\nWrote to [bold]{self.out}[/bold]:")
        console.print("  encoder.safetensors  the encoder, for this generator")
        console.print("  encoder.png          held-out samples and its guesses")
        console.print("\nNext:")
        console.print(
            f"  python -m i2s_lightning fit --model.generator {pl_module.generator_file} "
            f"--model.init {self.out / 'encoder.safetensors'}",
            highlight=False,
            soft_wrap=True,
        )
