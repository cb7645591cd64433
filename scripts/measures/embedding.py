"""Embed pictures with the package, as a user would."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import i2s_lightning
from i2s_lightning.checkpoints import Embedding


def embed(
    pictures: Mapping[str, NDArray[np.uint8]],
    folder: Path,
    *,
    generator: str,
    space: str = "w_plus",
    steps: int,
    config: Path | None = None,
) -> Embedding:
    """Embed pictures with the paper's loss.

    Args:
        pictures: By name.
        folder: Where pictures and results go; an interrupted run is gone on with.
        generator: File or name.
        space: ``w_plus``, ``w`` or ``z``.
        steps: How many.
        config: Settings for the rest; without, the paper's: Adam(0.01).
    """
    source = folder / "pictures"
    source.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        Image.fromarray(picture).save(source / f"{name}.png")
    settings: dict[str, object] = {} if config is None else {"config": config}
    settings |= {
        "out": folder / space,
        "data.path": source,
        "data.batch_size": 16,
        "model.generator": generator,
        "model.space": space,
        "model.steps": steps,
        "trainer.enable_progress_bar": "false",
    }
    words = [f"--{name}={value}" for name, value in settings.items()]
    subprocess.run([sys.executable, "-m", "i2s_lightning", "fit", *words], check=True)
    return i2s_lightning.load_embedding(folder / space)
