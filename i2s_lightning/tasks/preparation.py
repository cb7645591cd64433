"""What a run needs before its first picture: rows, and how many."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from i2s_lightning.optim.lbfgs import TRIES
from i2s_lightning.tasks.batch_size import fitting
from i2s_lightning.tasks.objective import References
from i2s_lightning.tasks.rows import Rows
from i2s_lightning.tasks.schedule import searches, trial_optimizer
from i2s_lightning.tasks.slots import Slots
from i2s_lightning.tasks.tracker import Tracker

if TYPE_CHECKING:
    from i2s_lightning.tasks.embed import Embed


def make_rows(task: "Embed", count: int) -> Rows:
    """Make rows without pictures."""
    references, noise = blank(task, 1)
    tracker = Tracker(
        count,
        task.space.shape,
        steps=task.steps,
        patience=task.patience,
        min_delta=task.min_delta,
        target_loss=task.target_loss,
        retries=TRIES if searches(trial_optimizer(task.optimizer)) else 0,
    )
    return Rows(task.initial.filler(), tracker, Slots(count, references, noise))


def fitting_batch_size(task: "Embed") -> int:
    """Find how many pictures a step can take on every process's device."""
    device = task.trainer.strategy.root_device
    task.to(device)  # where it goes in a moment anyway

    def trial(count: int) -> None:
        references, noise = blank(task, count)
        latent = task.initial.filler().to(task.generator.w_avg).expand(count, *task.space.shape).clone()
        loss, _, _ = task.losses(latent.requires_grad_(), references, noise)
        torch.autograd.grad(loss.sum(), latent)

    share = -(-len(task.data.pictures) // task.trainer.world_size)
    found = torch.tensor(fitting(trial, share, device), device=device)
    return int(task.trainer.strategy.reduce(found, reduce_op="min"))


@torch.no_grad()
def blank(task: "Embed", count: int) -> tuple[References, list[Tensor] | None]:
    """Give references and noise maps of empty pictures."""
    like = task.generator.w_avg
    references = task.objective.prepare(like.new_zeros(count, *task.picture_shape))
    maps = [like.new_zeros(count, 1, *shape) for shape in task.generator.noise_shapes]
    return references, maps if task.noise == "fixed" else None
