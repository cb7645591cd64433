"""Change the units of a generator's style space without changing its pictures."""

import torch
from torch import Tensor

from i2s_lightning.generators.mapping import FullyConnected
from i2s_lightning.generators.stylegan2 import StyleGAN2

_MARGIN = 3.0  # deviations between a style's mean and the kink of the leaky ReLU
_SAMPLES = 20_000


@torch.no_grad()
def set_units(generator: StyleGAN2, deviation: float) -> None:
    """Scale and shift styles: ``w -> scale * w + offset``, undone in the affine layers that read them.

    The paper's step size, Adam's 0.01, is in units of W, so embedding in it takes the time that it should only where W
    has about the usual spread. The offset is 0 unless styles are positive: ``start_linear`` keeps them far on the
    straight side of the last leaky ReLU; afterwards they may come closer to zero, where random starts expect them, and
    only what lies beyond three deviations bends.

    Args:
        generator: Changed in place.
        deviation: Wanted root mean square deviation of a style's numbers; the official 1024-pixel faces have about
            0.44 (a norm of 10 over 512 numbers).
    """
    z = torch.randn(_SAMPLES, generator.z_dim, generator=torch.Generator().manual_seed(0))
    w = generator.mapping(z)[:, 0]
    straight = bool((w < 0).float().mean() < 0.01)
    mean, spread = w.mean(dim=0), w.std(dim=0)
    scale = deviation / float(spread.square().mean().sqrt())
    target = _MARGIN * scale * spread if straight else scale * mean  # the new mean
    last = generator.mapping.get_submodule(f"fc{generator.mapping.num_layers - 1}")
    assert isinstance(last, FullyConnected)
    last.weight.mul_(scale)
    last.bias.mul_(scale).add_((target - scale * mean) / 2**0.5 / last.bias_gain)
    for module in generator.synthesis.modules():
        affine = getattr(module, "affine", None)
        if isinstance(affine, FullyConnected):
            _read_shifted(affine, scale, scale * mean - target)
    generator.mapping.w_avg.mul_(scale).add_(target - scale * mean)


def _read_shifted(affine: FullyConnected, scale: float, shift: Tensor) -> None:
    affine.weight.div_(scale)
    affine.bias.add_(affine.weight @ shift * affine.weight_gain)
