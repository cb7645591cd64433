"""The loss of each picture over its steps."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from i2s_lightning.tasks.embed import Embed

MOST = 16
"""Curves that are kept; a data set of 70,000 pictures must not fill the memory with them."""

Curve = tuple[list[int], list[float]]


class LossCurves(pl.Callback):
    """Records the loss of the first pictures at every logged step; values leave the device once a round."""

    def __init__(self) -> None:
        self.curves: dict[str, Curve] = {}
        self._pending: list[tuple[dict[int, str], Tensor, Tensor]] = []

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Remember the values of a logged step, on the device."""
        assert isinstance(pl_module, Embed)
        if not pl_module.step_terms:
            return
        names = {row: pl_module.data.pictures[p].name for row, p in enumerate(pl_module.rows.slots.pictures) if p >= 0}
        wanted = {row: name for row, name in names.items() if name in self.curves or len(self.curves) < MOST}
        self.curves |= {name: ([], []) for name in wanted.values() if name not in self.curves}
        if wanted:
            self._pending.append((wanted, pl_module.rows.tracker.age.clone(), pl_module.step_terms["loss"]))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Fetch the values of a round."""
        self._fetch()

    def state_dict(self) -> dict[str, Any]:
        """Give the curves so far to a checkpoint."""
        self._fetch()
        return {"curves": self.curves}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take them back."""
        self.curves = state_dict["curves"]

    def _fetch(self) -> None:
        for names, ages, losses in self._pending:
            values = torch.stack([ages.double(), losses.double()]).tolist()
            for row, name in names.items():
                steps, curve = self.curves[name]
                step = int(values[0][row]) - 1
                if not steps or step > steps[-1]:  # a row that has stopped stays at its last step
                    steps.append(step)
                    curve.append(values[1][row])
        self._pending = []
