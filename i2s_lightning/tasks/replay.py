"""What is in the store, looked at again: rendered (``predict``), scored (``validate``), checked (``test``)."""

import csv
import logging
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from i2s_lightning.checkpoints import Embedding, load_embedding
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.errors import CheckpointError
from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.images import from_uint8, to_uint8
from i2s_lightning.tasks.finish import Finisher

log = logging.getLogger(__name__)

TOLERANCE = 1e-3
"""Relative difference between a stored and a recomputed loss that is rounding; another device or build may reach it."""


class Replay(pl.LightningModule):
    """The stages of a task that look at stored pictures.

    ``validate`` scores them against their targets; ``test`` also recomputes the loss, checks that it is the stored one,
    and writes ``test.csv``; ``predict`` gives each picture's name and pixels.
    """

    generator: Generator
    finisher: Finisher
    out: Path
    data: Any

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Channels, height and width that pictures are brought to."""
        return (self.generator.img_channels, *self.generator.img_shape)

    @cached_property
    def embedding(self) -> Embedding:
        """What ``fit`` left in the run folder, rendered with this task's generator."""
        return self.open_embedding()

    def open_embedding(self) -> Embedding:
        """Read the run folder as it is now."""
        return load_embedding(self.out, generator=self.generator)

    def stored(self) -> int:
        """How many pictures the run folder holds."""
        return len(self.embedding)

    def score_stored(self, index: int) -> dict[str, Any]:
        """Score a stored picture against its target.

        Raises:
            CheckpointError: The data has no picture of this name.
        """
        name = self.embedding.names[index]
        indices = {p.name: i for i, p in enumerate(self.data.pictures)}
        if name not in indices:
            raise CheckpointError(
                f"the embedding holds {name!r}, the data does not: give --data.path as it was for fit"
            )
        like = self.generator.w_avg
        target = from_uint8(self.data.read(indices[name]).unsqueeze(0)).to(like)
        noise = self.embedding.noise(name)
        maps = None if noise is None else [m.to(like) for m in noise]
        facts = {"name": name, "status": self.embedding.metrics[name]["status"]}
        return self.finisher.finish(self.embedding.latent(name).to(like), target[0], maps, facts)[0].record

    # ---- stages

    def on_validation_epoch_start(self) -> None:
        """Begin a list of scores."""
        self.records = []

    def validation_step(self, batch: int, batch_idx: int) -> None:
        """Score one stored picture."""
        if batch >= 0:
            self.records.append(self.score_stored(batch))

    def on_validation_epoch_end(self) -> None:
        """Log the means over all pictures of all ranks."""
        self._collect()
        self._log_means("val")

    on_test_epoch_start = on_validation_epoch_start
    test_step = validation_step

    def on_test_epoch_end(self) -> None:
        """Log the means, write one row a picture, and say whether the stored losses come out again.

        Raises:
            CheckpointError: Some do not: the files or the networks are not what they were.
        """
        self._collect()
        self._log_means("test")
        if self.global_rank == 0:
            self._write_rows(self.out / "test.csv")
        wrong = [r["name"] for r in self.records if not self._reproduces(r)]
        if wrong:
            raise CheckpointError(f"{len(wrong)} stored losses do not come out again: {', '.join(wrong[:5])}")

    def predict_step(self, batch: int, batch_idx: int) -> tuple[str, Tensor] | None:
        """Render one stored picture: its name and ``(H, W, C)`` uint8 pixels."""
        if batch < 0:
            return None
        name = self.embedding.names[batch]
        return name, to_uint8(self.embedding.render_one(name).unsqueeze(0))[0]

    # ---- help

    def _collect(self) -> None:
        """Bring the records of all ranks together."""
        if self.trainer.world_size > 1:
            gathered: list[Any] = [None] * self.trainer.world_size
            from torch import distributed  # not available in every build of torch

            distributed.all_gather_object(gathered, self.records)
            self.records = [record for records in gathered for record in records]
        self.records.sort(key=lambda record: str(record["name"]))

    def _log_means(self, stage: str) -> None:
        numbers = {key for record in self.records for key, value in record.items() if isinstance(value, float)}
        for key in sorted(numbers):
            values = [record[key] for record in self.records if key in record]
            self.log(f"{stage}/{key}", sum(values) / len(values), prog_bar=key in ("loss", "psnr"))

    def _write_rows(self, path: Path) -> None:
        with replacing(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.records[0]))
            writer.writeheader()
            writer.writerows(self.records)
        log.info("wrote %s", path)

    def _reproduces(self, record: dict[str, Any]) -> bool:
        stored = self.embedding.metrics[record["name"]].get("loss")
        return stored is None or abs(record["loss"] - stored) <= TOLERANCE * max(abs(stored), 1e-6)
