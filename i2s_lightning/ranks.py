"""What processes tell one another."""

from collections.abc import Callable
from typing import TypeVar

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.plugins.environments import LightningEnvironment  # type: ignore[attr-defined]  # it does
from torch import Tensor, distributed

T = TypeVar("T")


@torch.no_grad()
def gather(trainer: Trainer, value: Tensor) -> Tensor:
    """Stack the tensors of all ranks, equal in shape, with the rank as first axis; on the device of the process."""
    if trainer.world_size == 1:
        return value.unsqueeze(0)
    mine = value.to(trainer.strategy.root_device).contiguous()
    everywhere = [torch.empty_like(mine) for _ in range(trainer.world_size)]
    distributed.all_gather(everywhere, mine)
    return torch.stack(everywhere)


def any_rank(trainer: Trainer, fact: bool) -> bool:
    """Tell whether ``fact`` holds on any rank."""
    return bool(gather(trainer, torch.tensor(fact)).any())


def first_decides(trainer: Trainer, decide: Callable[[], T]) -> T:
    """Let rank 0 find out about files, and tell the others: what one process sees, another may not see yet.

    Args:
        trainer: With its processes connected.
        decide: Called on rank 0.

    Returns:
        What it returned, on every rank.

    Raises:
        Exception: Whatever it raised, on rank 0.
        SystemExit: On the others then; without it they would wait for rank 0 until they time out.
    """
    found: T | None = None
    problem: Exception | None = None
    if trainer.global_rank == 0:
        try:
            found = decide()
        except Exception as error:
            problem = error
    found, failed = trainer.strategy.broadcast((found, problem is not None))
    if problem is not None:
        raise problem
    if failed:
        raise SystemExit(1)
    return found  # type: ignore[return-value]  # it is what ``decide`` gave, which may be None


def begin_at_once(trainer: Trainer) -> bool:
    """Tell whether all processes run from the start (torchrun, SLURM) rather than being started by the first one."""
    environment = getattr(trainer.strategy, "cluster_environment", None)
    return trainer.world_size > 1 and not isinstance(environment, LightningEnvironment | None)
