"""Pictures in flight, looked at from outside."""

import torch
from torch import Tensor

from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.tasks.embed import Embed


@torch.no_grad()
def render_row(task: Embed, row: int, latent: Tensor) -> Tensor:
    """Render a latent as the picture in ``row`` would be stored, with its noise: ``(H, W, C)`` uint8."""
    noise = task.rows.slots.noise
    ws = task.space.to_ws(latent.unsqueeze(0))[0]
    image = render_one(task.generator, ws, task.noise_mode, None if noise is None else [m[row] for m in noise])
    return to_uint8(image.unsqueeze(0))[0]
