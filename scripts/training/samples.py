"""Sample sheets during training."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.images import to_uint8


class SampleSheets(Callback):
    """Writes what the averaged generator makes of fixed portraits: of 48 and, below, of 16 beside their renders.

    Args:
        out: Folder of the pictures.
        every: Steps between two sheets.
    """

    def __init__(self, out: str, every: int = 500) -> None:
        self.out, self.every = Path(out) / "samples", every

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write a sheet now and then: to disk, and to the logger where it takes images."""
        if (trainer.global_step) % self.every or not trainer.is_global_zero:
            return
        self.out.mkdir(parents=True, exist_ok=True)
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        generator: Any = pl_module.average
        teacher: Any = pl_module.average_teacher
        with torch.no_grad():
            parameters = torch.cat([data.parameters[-48:], data.parameters[:16]]).to(pl_module.device)
            ws = teacher(parameters)[:, None].expand(-1, generator.num_ws, -1)
            made = to_uint8(torch.cat([generator.synthesis(part) for part in ws.split(16)])).cpu()
        rows = [sheet(images, columns=16, side=64) for images in (made, data.images[:16])]
        picture = Image.fromarray(np.concatenate([np.asarray(row) for row in rows]))
        path = self.out / f"{int(pl_module.seen) // 1000:06d}k.png"  # type: ignore[arg-type]
        picture.save(path)
        if hasattr(pl_module.logger, "log_image"):
            pl_module.logger.log_image("samples", [str(path)])  # type: ignore[union-attr]


@torch.no_grad()
def sample(generator: Generator, z: Tensor, truncation: float, chunk: int = 64) -> Tensor:
    """Make uint8 pictures, ``(B, H, W, 3)``, on the CPU.

    Args:
        generator: Any generator.
        z: Codes.
        truncation: Factor towards the mean style.
        chunk: Pictures at a time.
    """
    with torch.autocast(z.device.type, enabled=False):
        parts = [to_uint8(generator(part, truncation_psi=truncation)).cpu() for part in torch.split(z, chunk)]
    return torch.cat(parts)


def sheet(images: Tensor, columns: int, side: int) -> Image.Image:
    """Lay out uint8 pictures ``(B, H, W, 3)`` in rows.

    Args:
        images: A multiple of ``columns``.
        columns: Pictures in a row.
        side: Side of a picture in pixels.
    """
    rows = [torch.cat(list(row), dim=1) for row in torch.split(images, columns)]
    picture = Image.fromarray(torch.cat(rows).numpy())
    return picture.resize((columns * side, len(rows) * side), Image.Resampling.NEAREST)
