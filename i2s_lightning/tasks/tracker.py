"""What is known of each picture in flight: its best latent, its age, whether it goes on."""

from typing import Final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

EMPTY: Final = 0
RUNNING: Final = 1
DONE: Final = 2
EARLY: Final = 3
FAILED: Final = 4

STATUS_NAMES: Final = {RUNNING: "in flight", DONE: "done", EARLY: "early", FAILED: "failed"}

DIVERGED: Final = 100.0
"""A loss this many times the first one (or 1, if that is more) counts as failed: it will not come back."""


class Tracker(nn.Module):
    """Per-row state on the device; no step waits for the host.

    Args:
        rows: How many pictures are in flight.
        shape: Shape of one latent.
        steps: The age at which a picture is done.
        patience: Stop a picture early when its loss has not improved by ``min_delta`` for this many steps; never if
            None.
        min_delta: What counts as an improvement, relative to the last one.
        target_loss: Stop a picture early at this loss; never if None.
        retries: How many failing losses in a row are no failure yet: a line search takes such points back.
    """

    best: Tensor
    best_loss: Tensor
    best_step: Tensor
    first_loss: Tensor
    anchor_loss: Tensor
    anchor_step: Tensor
    age: Tensor
    entered: Tensor
    status: Tensor
    bad: Tensor

    FIELDS: Final = (
        *("best", "best_loss", "best_step", "first_loss", "anchor_loss", "anchor_step", "age", "entered", "status"),
        "bad",
    )

    def __init__(
        self,
        rows: int,
        shape: tuple[int, ...],
        *,
        steps: int,
        patience: int | None = None,
        min_delta: float = 1e-3,
        target_loss: float | None = None,
        retries: int = 0,
    ) -> None:
        super().__init__()
        self.steps, self.patience, self.min_delta, self.target_loss = steps, patience, min_delta, target_loss
        self.retries = retries
        self.register_buffer("best", torch.zeros(rows, *shape), persistent=False)
        for name in ("best_loss", "first_loss", "anchor_loss"):
            self.register_buffer(name, torch.full((rows,), torch.inf), persistent=False)
        for name in ("best_step", "anchor_step", "age", "entered", "status", "bad"):
            self.register_buffer(name, torch.zeros(rows, dtype=torch.long), persistent=False)

    @property
    def running(self) -> Bool[Tensor, " R"]:
        """Which rows still count."""
        return self.status == RUNNING

    @torch.no_grad()
    def start(self, row: int, latent: Tensor, age: int = 0) -> None:
        """Let a new picture begin in ``row``; one that has a good start may skip steps and come at a later age."""
        self.best[row] = latent
        self.best_loss[row] = self.first_loss[row] = self.anchor_loss[row] = torch.inf
        self.best_step[row] = self.anchor_step[row] = self.age[row] = self.entered[row] = age
        self.status[row] = RUNNING
        self.bad[row] = 0

    @torch.no_grad()
    def clear(self, row: int) -> None:
        """Mark ``row`` as holding no picture."""
        self.status[row] = EMPTY

    @torch.no_grad()
    def restore(self, row: int, state: dict[str, Tensor]) -> None:
        """Put back what :meth:`state` gave."""
        for name in self.FIELDS:
            getattr(self, name)[row] = state[name].to(getattr(self, name))

    def state(self) -> dict[str, Tensor]:
        """Give all rows' state, the row first."""
        return {name: getattr(self, name) for name in self.FIELDS}

    @torch.no_grad()
    def observe(self, loss: Float[Tensor, " R"], latent: Float[Tensor, "R ..."]) -> None:
        """Take in the loss of this step's latents, before they are updated.

        The best latent is kept; a picture that is done, has stopped early or has failed is not touched again.

        Args:
            loss: One value a row.
            latent: The latents that gave it.
        """
        running = self.running
        first = self.age == self.entered
        self.first_loss.copy_(torch.where(running & first, loss, self.first_loss))
        limit = self.first_loss.clamp(min=1.0) * DIVERGED
        bad = running & ~(loss <= limit)  # also where the loss is NaN
        self.bad.copy_(torch.where(bad, self.bad + 1, 0))
        failed = bad & (first | (self.bad > self.retries))
        counts = running & ~bad
        better = counts & (loss < self.best_loss)
        self.best.copy_(torch.where(better.view(-1, *[1] * (latent.dim() - 1)), latent, self.best))
        self.best_loss.copy_(torch.where(better, loss, self.best_loss))
        self.best_step.copy_(torch.where(better, self.age, self.best_step))
        self.age.add_(running)
        self.status.masked_fill_(failed, FAILED)
        self._stop_early(counts, loss)
        self.status.masked_fill_(running & (self.status == RUNNING) & (self.age >= self.steps), DONE)

    @torch.no_grad()
    def fail(self, rows: Bool[Tensor, " R"]) -> None:
        """Mark running rows as failed (their gradient was not finite), but for those whose point is taken back."""
        self.status.masked_fill_(rows & self.running & (self.bad == 0), FAILED)

    def _stop_early(self, counts: Tensor, loss: Tensor) -> None:
        if self.target_loss is not None:
            self.status.masked_fill_(counts & (loss <= self.target_loss), EARLY)
        if self.patience is None:
            return
        improved = counts & ~(loss > self.anchor_loss * (1 - self.min_delta))
        self.anchor_loss.copy_(torch.where(improved, loss, self.anchor_loss))
        self.anchor_step.copy_(torch.where(improved, self.age, self.anchor_step))
        self.status.masked_fill_(counts & (self.age - self.anchor_step >= self.patience), EARLY)
