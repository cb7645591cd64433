"""Every picture as a PNG, rendered from the latent that is stored."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from PIL import Image
from torch import Tensor

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.checkpoints.store import Result
from i2s_lightning.tasks.listener import ResultListener


class SaveRenders(ResultListener):
    """Writes ``renders/NAME.png``: during ``fit`` when a picture is done, and for all of them in ``predict``.

    Args:
        out: The run folder.
    """

    def __init__(self, out: str) -> None:
        self.folder = Path(out) / "renders"
        self.written = 0

    def on_result(
        self, trainer: pl.Trainer, module: pl.LightningModule, result: Result, pixels: Tensor, target: Tensor
    ) -> None:
        """Write a finished picture."""
        self._write(str(result.record["name"]), pixels)

    def on_predict_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Write what ``predict`` rendered."""
        if outputs is not None:
            self._write(*outputs)

    def _write(self, name: str, pixels: Tensor) -> None:
        write_png(self.folder / f"{name}.png", pixels)
        self.written += 1


def write_png(path: Path, pixels: Tensor) -> None:
    """Write ``(H, W, C)`` uint8 pixels, atomically."""
    array = pixels.cpu().numpy()
    with replacing(path, settle=False) as draft:  # ``predict`` makes a lost one again
        Image.fromarray(array[..., 0] if array.shape[2] == 1 else array).save(draft)
