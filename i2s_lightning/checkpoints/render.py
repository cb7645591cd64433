"""From stored latents to the picture: one picture at a time, so that its bits depend on nothing but itself."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.generators.base import Generator, NoiseMode


@torch.no_grad()
def render_one(
    generator: Generator, ws: Float[Tensor, "L D"], noise_mode: NoiseMode, noise: Sequence[Tensor] | None = None
) -> Float[Tensor, "C H W"]:
    """Render one W+ latent.

    Convolutions of different batch sizes may differ in the last bit, and one bit can move a pixel's rounding. Every
    picture that is shown, scored or stored therefore goes through this function, in a batch of one, in the precision of
    the generator's weights.

    Args:
        generator: A frozen generator.
        ws: ``(L, D)``; cast to the generator's dtype and device.
        noise_mode: As the generator's ``synthesis`` takes it.
        noise: The picture's own noise maps, each ``(1, h, w)``, in place of the generator's.

    Returns:
        ``(C, H, W)``, about [-1, 1], not clipped.
    """
    like = generator.w_avg
    maps = None if noise is None else [m.to(like).unsqueeze(0) for m in noise]
    image: Tensor = generator.synthesis(ws.to(like).unsqueeze(0), noise_mode=noise_mode, noise=maps)
    return image[0]
