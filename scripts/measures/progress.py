"""What a run has reached after so many seconds of the processor."""

import json
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.tasks.embed import Embed

GROWTH = 1.05
"""Looks at the pictures get rarer by this factor."""


class Progress(pl.Callback):
    """Writes each picture's best loss so far, and the PSNR of that latent, beside the CPU seconds since the start.

    The clock begins before targets are prepared and first latents chosen, and stands still during looks. For runs
    whose pictures all fit into one batch. Goes on with a run that was cut off.

    Args:
        path: The JSON file.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.begun, self.elapsed, self.next = 0.0, 0.0, 1
        self.curve: list[dict[str, Any]] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count, or go on."""
        self.begun = time.process_time() - self.elapsed

    @torch.no_grad()
    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look, if it is time."""
        assert isinstance(pl_module, Embed)
        step = trainer.global_step
        if step < self.next and step < pl_module.steps:
            return
        now = time.process_time()
        self.next = max(step + 1, int(step * GROWTH))
        tracker, slots = pl_module.rows.tracker, pl_module.rows.slots
        image = pl_module.generator.synthesis(pl_module.space.to_ws(tracker.best)).clamp(-1, 1)
        target = slots.references["pixel"]["image"]
        psnr = 10 * (4 / (image - target).square().flatten(1).mean(1)).log10()
        values = zip(slots.pictures, tracker.best_loss.tolist(), psnr.tolist(), strict=True)
        names = [picture.name for picture in pl_module.data.pictures]
        look = {names[picture]: {"loss": loss, "psnr": p} for picture, loss, p in values}
        self.curve.append({"step": step, "seconds": (now - self.begun) / len(look), "pictures": look})
        with replacing(self.path) as draft:
            draft.write_text(json.dumps(self.curve))
        self.begun += time.process_time() - now

    def state_dict(self) -> dict[str, Any]:
        """Give what is known to a checkpoint."""
        return {"elapsed": time.process_time() - self.begun, "next": self.next, "curve": self.curve}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take it back."""
        self.elapsed, self.next, self.curve = state_dict["elapsed"], state_dict["next"], state_dict["curve"]
