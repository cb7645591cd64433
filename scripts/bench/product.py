"""``fit`` itself, started from Python."""

import shutil
from pathlib import Path

import pytorch_lightning as pl
from torch import Tensor

from i2s_lightning.callbacks.pictures import write_png
from i2s_lightning.cli import TRAINER_DEFAULTS
from i2s_lightning.data.module import EmbedData
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.tasks.embed import Embed


def embedding_run(folder: Path, generator: Path, targets: Tensor, steps: int, batch_size: int | None = None) -> None:
    """Embed targets from the beginning.

    Args:
        folder: For pictures and results.
        generator: A file.
        targets: ``(N, C, H, W)``.
        steps: Of the optimiser.
        batch_size: How many are in flight; None: all.
    """
    for i, pixels in enumerate(to_uint8(targets)):
        write_png(folder / "pictures" / f"{i}.png", pixels)
    shutil.rmtree(folder / "run", ignore_errors=True)
    task = Embed(str(generator), steps=steps, out=str(folder / "run"))
    data = EmbedData(path=str(folder / "pictures"), batch_size=batch_size or len(targets))
    quiet = {
        "logger": False,
        "log_every_n_steps": 1000,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "accelerator": "cpu",
    }
    pl.Trainer(devices=1, **(TRAINER_DEFAULTS | quiet)).fit(task, data)
