"""Rendering an edit with Lightning's ``Trainer.predict``, which brings devices, precision and progress."""

import signal
from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from i2s_lightning.edits.latent import render_latents
from i2s_lightning.edits.shots import Edit, Shot
from i2s_lightning.edits.sinks import Add
from i2s_lightning.ops.images import to_uint8


class RenderShots(pl.LightningModule):
    """Renders the shots of an edit, a batch at a time; several devices share each batch.

    Args:
        edit: Its generator renders.
        shots: Which, in order.
    """

    def __init__(self, edit: Edit, shots: Sequence[Shot]) -> None:
        super().__init__()
        self.generator, self.noise_mode, self.shots = edit.generator, edit.noise_mode, shots

    def loader(self, batch_size: int, devices: int) -> DataLoader[int]:
        """Give the indices of shots, so many a device at once, the same to every device."""
        return DataLoader(range(len(self.shots)), batch_size * devices, collate_fn=list)  # type: ignore[arg-type]

    def predict_step(self, batch: list[int], batch_idx: int) -> Tensor:
        """Render this device's part and bring all parts together: ``(n, H, W, C)`` uint8, in order."""
        world = self.trainer.world_size
        rows = -(-len(batch) // world)
        padded = batch + batch[-1:] * (rows * world - len(batch))
        mine = padded[rows * self.global_rank : rows * (self.global_rank + 1)]
        images = render_latents(self.generator, [self.shots[i].build() for i in mine], self.noise_mode)
        pixels = to_uint8(torch.stack(images))
        if world > 1:
            gathered = self.all_gather(pixels)
            assert isinstance(gathered, Tensor)
            pixels = gathered.flatten(0, 1)
        return pixels[: len(batch)]


class WriteShots(pl.Callback):
    """Hands finished pictures to a sink, in order.

    Args:
        add: Takes a picture; None on all processes but the first.
    """

    def __init__(self, add: Add | None) -> None:
        self.add = add

    def on_predict_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Pass on what was rendered; end when the process is asked to (Lightning only makes a note of it).

        Raises:
            SystemExit: SIGTERM came; the status is the one shells give to it.
        """
        if trainer.received_sigterm:
            raise SystemExit(128 + signal.SIGTERM)
        if self.add is not None:
            for pixels in outputs.cpu().numpy():
                self.add(pixels)
