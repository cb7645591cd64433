"""What processes tell one another."""

import torch
from pytorch_lightning import Trainer
from torch import Tensor, distributed


@torch.no_grad()
def gather(trainer: Trainer, value: Tensor) -> Tensor:
    """Stack the tensors of all ranks, equal in shape, with the rank as first axis; on the device of the process."""
    if trainer.world_size == 1:
        return value.unsqueeze(0)
    mine = value.to(trainer.strategy.root_device).contiguous()
    everywhere = [torch.empty_like(mine) for _ in range(trainer.world_size)]
    distributed.all_gather(everywhere, mine)
    return torch.stack(everywhere)
