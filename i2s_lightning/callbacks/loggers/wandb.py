"""Weights and Biases; imported by Lightning only when its logger is asked for anything."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from i2s_lightning.callbacks.loggers.base import Cell, Media
from i2s_lightning.checkpoints.atomic import write_json
from i2s_lightning.drawing.curves import Curve
from i2s_lightning.errors import ConfigError

NOTE = Path("wandb") / "run.json"


class WandbMedia(Media):
    """Lightning's ``WandbLogger``.

    Pictures are handed over as Pillow images: ``wandb.Image`` turns floats black.
    """

    takes_tables: ClassVar[bool] = True

    def open(self) -> None:
        """Begin the run, or go on with it.

        Raises:
            ConfigError: There is no account, or no network.
        """
        import wandb

        try:
            _ = self.logger.experiment
        except wandb.Error as error:
            raise ConfigError(
                f"Weights and Biases: {error} To embed without a server: --trainer.logger.init_args.offline true"
            ) from error

    def remember(self, folder: Path) -> None:
        """Note the run's id (see :func:`continue_runs`), unless nothing is logged to it."""
        run = self.logger.experiment
        if not run.disabled:
            write_json(folder / NOTE, {"id": run.id, "project": run.project, "entity": run.entity or None})

    def pictures(self, key: str, pictures: Sequence[Image.Image], captions: Sequence[str], step: int) -> None:
        """Log them as one panel."""
        self.logger.log_image(key, list(pictures), step, caption=list(captions))

    def curves(self, key: str, curves: Mapping[str, Curve], title: str, step: int) -> None:
        """Log an interactive chart."""
        from wandb.plot import line_series

        steps, values = ([list(curve[i]) for curve in curves.values()] for i in (0, 1))
        self.logger.log_metrics({key: line_series(steps, values, list(curves), title, "step")}, step)

    def table(self, key: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], step: int) -> None:
        """Log a table, its pictures as JPEG."""
        import wandb

        data = [[wandb.Image(c, file_type="jpg") if isinstance(c, Image.Image) else c for c in row] for row in rows]
        self.logger.log_metrics({key: wandb.Table(columns=list(columns), data=data)}, step)

    def video(self, key: str, path: Path, step: int) -> None:
        """Log the file; WebP, which W&B has no player for, as a picture."""
        if path.suffix == ".webp":
            self.logger.log_image(key, [str(path)], step)
        else:
            self.logger.log_video(key, [str(path)], step)

    def artifact(self, name: str, files: Mapping[str, Path], facts: Mapping[str, Any], limit: int) -> None:
        """Log an artifact of type ``embedding``."""
        import wandb

        artifact = wandb.Artifact(re.sub(r"[^\w.-]", "-", name), type="embedding", metadata=dict(facts))
        small = sum(path.stat().st_size for path in files.values()) <= limit
        for entry, path in files.items():
            if small:
                fixed = path.suffix == ".safetensors"  # shards never change, so they need no copy
                artifact.add_file(str(path), entry, policy="immutable" if fixed else "mutable")
            else:
                artifact.add_reference(path.absolute().as_uri(), entry)
        self.logger.experiment.log_artifact(artifact)

    def alert(self, title: str, text: str) -> None:
        """Send a warning, where the account says that warnings go."""
        self.logger.experiment.alert(title, text, level="WARN")


def continue_runs(loggers: Any, folder: Path) -> None:
    """Let the loggers of a config go on with the run that a run folder remembers.

    Args:
        loggers: ``trainer.logger`` before it is instantiated; a ``WandbLogger`` without an id is changed in place, and
            writes below the run folder unless it is told where.
        folder: The run folder.
    """
    note = folder / NOTE
    for entry in loggers if isinstance(loggers, list) else [loggers]:
        if getattr(entry, "class_path", "").endswith("WandbLogger") and note.is_file():
            options = entry.init_args
            if options.get("id") is None and options.get("version") is None:
                known = json.loads(note.read_text(encoding="utf-8"))
                known |= {"save_dir": str(folder)} if options.get("save_dir") in (None, ".") else {}
                for key, value in known.items():
                    options[key] = value
