"""Measure a generator's style space: ``python scripts/generator_statistics.py --generator faces64 --out FILE``.

W is what the mapping network returns; P is W before its last leaky ReLU, up to the gain, where styles are nearly normal
(Zhu et al. 2020, "Improved StyleGAN Embedding": II2S). For each of the two the file holds ``mean`` (D,), ``basis``
(D, D: unit rows, largest deviation first) and ``std`` (D,): ``(w - mean) @ basis.T / std`` is whitened. The header
binds it to the generator by ``generator_sha256``.
"""

import argparse
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import save
from torch import Tensor

from i2s_lightning.generators import load_generator
from i2s_lightning.generators.base import Generator

FORMAT = "i2s_lightning.w_statistics"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="faces64", help="file or name")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100_000, help="samples")
    options = parser.parse_args()
    generator = load_generator(options.generator)
    w = sample_styles(generator, options.count)
    tensors = {f"w_{name}": value for name, value in principal_axes(w).items()}
    tensors |= {f"p_{name}": value for name, value in principal_axes(before_activation(w)).items()}
    metadata = {"format": FORMAT, "version": "1", "generator_sha256": generator.sha256, "count": str(options.count)}
    tensors = {name: tensor.float().contiguous() for name, tensor in tensors.items()}
    options.out.write_bytes(save(tensors, metadata))  # not save_file, which denies others the reading


@torch.no_grad()
def sample_styles(generator: Generator, count: int, chunk: int = 10_000) -> Float[Tensor, "N D"]:
    """Map standard normal noise of seed 0."""
    rng = torch.Generator().manual_seed(0)
    sizes = [min(chunk, count - start) for start in range(0, count, chunk)]
    return torch.cat([generator.mapping(torch.randn(n, generator.z_dim, generator=rng))[:, 0] for n in sizes])


def before_activation(w: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:
    """Undo a leaky ReLU of slope 0.2.

    Example:
        >>> before_activation(torch.tensor([[1.0, -0.2]]))
        tensor([[ 1., -1.]])
    """
    return torch.where(w < 0, w * 5, w)


def principal_axes(rows: Float[Tensor, "N D"]) -> dict[str, Tensor]:
    """Return mean, unit axes and the deviation along each."""
    rows = rows.double()
    mean = rows.mean(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov(rows.T))
    return {"mean": mean, "basis": vectors.flip(1).T, "std": values.flip(0).clamp(min=0).sqrt()}


if __name__ == "__main__":
    main()
