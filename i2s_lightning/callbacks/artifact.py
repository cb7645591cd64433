"""The embedding as an artifact, which other runs and people can start from."""

from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl

from i2s_lightning.callbacks.finished import FinishedListener, Record, Totals
from i2s_lightning.callbacks.loggers import loggers_of
from i2s_lightning.checkpoints.store import shards
from i2s_lightning.edits.options import Number
from i2s_lightning.tasks.embed import Embed

BESIDE = ("embedding.json", "config.yaml", "metrics.csv")


class LogArtifact(FinishedListener):
    """Logs ``latents/`` and what describes them at the end of a run that embedded anything.

    ``--embedding wandb:ENTITY/PROJECT/NAME:latest`` reads it back (:mod:`i2s_lightning.checkpoints.remote`).

    Args:
        name: Of the artifact; default: ``embedding-`` and the run folder's name.
        limit_mb: Files of more than this in all stay where they are, and the artifact says where; 0: always.
        enabled: Whether to log any.
    """

    def __init__(self, name: str | None = None, limit_mb: Number = 1000.0, enabled: bool = True) -> None:
        self.name, self.limit, self.enabled = name, int(limit_mb * 1e6), enabled
        self._fresh = False

    def on_finished(self, trainer: pl.Trainer, task: Embed, new: Sequence[Record], totals: Totals) -> None:
        """Take note that there is something."""
        self._fresh = True

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log what the run folder holds."""
        assert isinstance(pl_module, Embed)
        if not self._fresh or not self.enabled:
            return
        out, run = pl_module.out, pl_module.run
        facts = {
            "pictures": len(pl_module.open_embedding()),
            "generator": run["generator"],
            "settings": run["settings"],
        }
        for logger in loggers_of(trainer):
            logger.artifact(self.name or f"embedding-{out.name}", artifact_files(out), facts, self.limit)


def artifact_files(out: Path) -> dict[str, Path]:
    """List what an embedding needs, by its name in a run folder."""
    found = {f"latents/{path.name}": path for path in shards(out / "latents")}
    return found | {name: out / name for name in BESIDE if (out / name).is_file()}
