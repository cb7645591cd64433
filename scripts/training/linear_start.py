"""Begin from a mapping network that is linear, so that every number of a code acts by itself from the first step."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.generators.mapping import FullyConnected, MappingNetwork
from i2s_lightning.generators.stylegan2 import StyleGAN2
from i2s_lightning.ops.images import from_uint8

_SAMPLES = 4096
_MARGIN = 6.0  # deviations that stay on the straight side of the leaky ReLU
_SQRT2 = 2**0.5


@torch.no_grad()
def start_linear(generator: StyleGAN2, images: UInt8[Tensor, "N H W 3"], codes: Float[Tensor, "N Z"]) -> None:
    """Replace the mapping by a linear one whose styles have the same mean and covariance.

    Of all such mappings take the one whose pictures follow the codes best: thumbnails of renders are regressed on their
    codes, thumbnails of samples on their whitened styles, and the rotation between the two is orthogonal Procrustes.
    The leaky ReLU is kept on its straight side by large biases; the last one is taken back in the affine layers.

    Args:
        generator: Trained without codes, of equal ``z_dim``, ``w_dim`` and layer widths; changed in place.
        images: Renders.
        codes: Theirs.
    """
    mapping, width = generator.mapping, generator.w_dim
    rng = torch.Generator().manual_seed(0)
    w = mapping(torch.randn(_SAMPLES, generator.z_dim, generator=rng))[:, 0]
    centred = w - w.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / _SAMPLES)
    spread = vectors * values.clamp(min=values.max() * 1e-4).sqrt()
    white = torch.linalg.solve(spread, centred.T).T
    fakes = torch.cat([_thumbnails(generator.synthesis(_wide(part, generator))) for part in w.split(256)])
    reals = _thumbnails(from_uint8(images[:_SAMPLES]))
    codes = F.normalize(codes[:_SAMPLES], dim=1) * width**0.5  # as the mapping network does
    left, _, right = torch.linalg.svd(_slopes(codes, reals) @ _slopes(white, fakes).T)
    turn = spread @ (left @ right).T  # code -> style
    shift = (_MARGIN * turn.norm(dim=1).max()).expand(width)
    _make_linear(mapping, turn, shift)
    for module in generator.synthesis.modules():
        affine = getattr(module, "affine", None)
        if isinstance(affine, FullyConnected):
            affine.bias.add_(affine.weight @ (w.mean(0) - shift) * affine.weight_gain)
    mapping.w_avg.copy_(shift)


def _wide(w: Tensor, generator: StyleGAN2) -> Tensor:
    return w[:, None].expand(-1, generator.num_ws, -1)


def _thumbnails(images: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(images, 16).flatten(1)


def _slopes(inputs: Tensor, outputs: Tensor) -> Tensor:
    """Regress on (nearly) independent unit normal inputs."""
    return inputs.T @ (outputs - outputs.mean(0)) / len(inputs)


def _make_linear(mapping: MappingNetwork, turn: Tensor, shift: Tensor) -> None:
    """Set ``w = turn @ z + shift`` for normalised ``z``."""
    layers = [mapping.get_submodule(f"fc{i}") for i in range(mapping.num_layers)]
    before = torch.zeros(turn.shape[1])
    for layer in layers:
        assert isinstance(layer, FullyConnected)
        last = layer is layers[-1]
        matrix, after = (turn, shift) if last else (torch.eye(turn.shape[1]), torch.full_like(before, _MARGIN))
        layer.weight.copy_(matrix / _SQRT2 / layer.weight_gain)
        layer.bias.copy_((after - matrix @ before) / _SQRT2 / layer.bias_gain)
        before = after
