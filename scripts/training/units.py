"""Change the units of a generator's style space without changing its pictures."""

import torch

from i2s_lightning.generators.mapping import FullyConnected
from i2s_lightning.generators.stylegan2 import StyleGAN2

_SAMPLES = 20_000


@torch.no_grad()
def set_units(generator: StyleGAN2, deviation: float) -> float:
    """Scale styles, undone in the affine layers that read them; the mean is scaled with them.

    The paper's step size, Adam's 0.01, is in units of W, so embedding in it takes the time that it should only where W
    has about the usual spread.

    Args:
        generator: Changed in place.
        deviation: Wanted root mean square deviation of a style's numbers; the official 1024-pixel faces have about
            0.44 (a norm of 10 over 512 numbers).

    Returns:
        The factor.
    """
    z = torch.randn(_SAMPLES, generator.z_dim, generator=torch.Generator().manual_seed(0))
    w = generator.mapping(z)[:, 0]
    scale = deviation / float(w.std(dim=0).square().mean().sqrt())
    last = generator.mapping.get_submodule(f"fc{generator.mapping.num_layers - 1}")
    assert isinstance(last, FullyConnected)
    last.weight.mul_(scale)
    last.bias.mul_(scale)
    for module in generator.synthesis.modules():
        affine = getattr(module, "affine", None)
        if isinstance(affine, FullyConnected):
            affine.weight.div_(scale)
    generator.mapping.w_avg.mul_(scale)
    return scale
