"""The loss of pictures over their steps: the first ones, those that were named, and those that came out worst."""

import heapq
import math
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from i2s_lightning.callbacks.loggers import loggers_of
from i2s_lightning.callbacks.thinning import Doubling
from i2s_lightning.checkpoints.store import Result
from i2s_lightning.drawing.curves import Curve
from i2s_lightning.errors import CheckpointError
from i2s_lightning.tasks.embed import Embed
from i2s_lightning.tasks.listener import ResultListener

KEY = "curves/loss"


def read_curves(checkpoint: Path) -> dict[str, Curve]:
    """Read the curves that a run's checkpoint holds.

    Args:
        checkpoint: ``checkpoints/last.ckpt`` of a run folder.

    Returns:
        Steps and losses by the picture's name.

    Raises:
        CheckpointError: It can't be read, or was written without curves.
    """
    try:
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=True)
        curves: dict[str, Curve] = loaded["callbacks"][LossCurves.__name__]["curves"]
    except (OSError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{checkpoint} holds no loss curves: {error}") from error
    return curves


class LossCurves(ResultListener):
    """Records the loss of every picture in flight at logged steps, and keeps a few of the curves.

    Values leave the device once a round; memory does not grow with the data set. Each process keeps those of its own
    pictures, and the first one's are logged.

    Args:
        first: Keep so many pictures that came first.
        worst: Keep so many that ended with the highest loss (or failed).
        chosen: Keep those of these names.

    Attributes:
        curves: Steps and losses by name: what is kept, and what is in flight.
    """

    def __init__(self, first: int = 8, worst: int = 8, chosen: list[str] | None = None) -> None:
        self.first, self.worst, self.chosen = first, worst, frozenset(chosen or ())
        self.curves: dict[str, tuple[list[int], list[float]]] = {}
        self._kept: list[str] = []  # the first and the chosen, done or not
        self._worst: list[tuple[float, str]] = []  # a heap: the best of the worst on top
        self._done = 0
        self._doubling = Doubling()
        self._pending: list[tuple[dict[int, str], Tensor, Tensor]] = []

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Remember the values of a logged step, on the device."""
        assert isinstance(pl_module, Embed)
        if pl_module.step_terms:
            pictures, slots = pl_module.data.pictures, pl_module.rows.slots
            names = {row: pictures[slots.pictures[row]].name for row in slots.occupied}
            self._pending.append((names, pl_module.rows.tracker.age.clone(), pl_module.step_terms["loss"]))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Fetch the values of a round."""
        self._fetch()

    def on_result(
        self, trainer: pl.Trainer, module: pl.LightningModule, result: Result, pixels: Tensor, target: Tensor
    ) -> None:
        """Keep a finished picture's curve, or let it go."""
        name = str(result.record["name"])
        self._done += 1
        if name not in self._kept and name in self.curves:
            failed = result.record["status"] == "failed"
            heapq.heappush(self._worst, (float("inf") if failed else float(result.record["loss"]), name))
            while len(self._worst) > self.worst:
                self.curves.pop(heapq.heappop(self._worst)[1], None)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log what is kept whenever twice as many pictures are done."""
        if self._doubling.due(self._done):
            self._log(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log what is kept."""
        self._log(trainer)

    def finished(self) -> dict[str, Curve]:
        """Give the curves that are kept, the worst last."""
        self._fetch()
        names = [*self._kept, *(name for _, name in sorted(self._worst))]
        return {name: self.curves[name] for name in names if self.curves.get(name, ([], []))[0]}

    def state_dict(self) -> dict[str, Any]:
        """Give the curves so far to a checkpoint."""
        self._fetch()
        return {"curves": self.curves, "kept": self._kept, "worst": self._worst, "done": self._done}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take them back."""
        self.curves, self._kept = state_dict["curves"], state_dict["kept"]
        self._worst, self._done = state_dict["worst"], state_dict["done"]

    def _log(self, trainer: pl.Trainer) -> None:
        curves = self.finished()
        for logger in loggers_of(trainer) if curves else []:
            logger.curves(KEY, curves, "loss over a picture's steps: first, chosen and worst", trainer.global_step)

    def _fetch(self) -> None:
        for names, ages, losses in self._pending:
            values = torch.stack([ages.double(), losses.double()]).tolist()
            for row, name in names.items():
                self._extend(name, int(values[0][row]) - 1, values[1][row])
        self._pending = []

    def _extend(self, name: str, step: int, loss: float) -> None:
        if name not in self.curves:
            self.curves[name] = ([], [])
            first = sum(kept not in self.chosen for kept in self._kept) < self.first
            if name in self.chosen or first:
                self._kept.append(name)
        steps, curve = self.curves[name]
        if steps and step < steps[-1]:  # the picture gets another chance
            steps.clear()
            curve.clear()
        if math.isfinite(loss) and (not steps or step > steps[-1]):  # a row that has stopped gives NaN
            steps.append(step)
            curve.append(loss)
