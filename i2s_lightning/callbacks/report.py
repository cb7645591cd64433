"""The HTML report at the end of ``fit``."""

from pathlib import Path

import pytorch_lightning as pl
from torch import Tensor

from i2s_lightning.callbacks.curves import LossCurves
from i2s_lightning.checkpoints.store import Result
from i2s_lightning.report import Facts, PictureFolder, files_of, write_report
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.listener import ResultListener

FILE = "report.html"


class WriteReport(ResultListener):
    """Keeps the pictures of a report while they are at hand, and writes ``report.html`` at the end.

    Stands before :class:`LossCurves` in the list of callbacks: that one lets go of a finished picture's curve.

    Args:
        out: The run folder.
    """

    def __init__(self, out: str) -> None:
        self.page = Path(out) / FILE

    def on_result(
        self, trainer: pl.Trainer, module: pl.LightningModule, result: Result, pixels: Tensor, target: Tensor
    ) -> None:
        """Keep a finished picture, its target and its curve."""
        height, width, _ = target.shape
        recorder = next((c for c in trainer.callbacks if isinstance(c, LossCurves)), None)  # type: ignore[attr-defined]
        steps, losses = recorder.curves.get(str(result.record["name"]), ([], [])) if recorder else ([], [])
        pictures = PictureFolder(files_of(self.page), (height, width))
        pictures.write(result.record, pixels.numpy(), target.numpy(), Facts(steps, losses))

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the page on rank 0, once all ranks have written their pictures and the summary its files."""
        assert isinstance(pl_module, Embed)
        trainer.strategy.barrier()
        if trainer.is_global_zero and any((pl_module.out / "latents").glob("*.safetensors")):
            write_report(pl_module.open_embedding(), self.page, pl_module.out)
