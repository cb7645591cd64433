"""Distances between sets of pictures in VGG feature space."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.features import FeatureExtractor
from i2s_lightning.metrics import PerceptualDistance
from i2s_lightning.ops.images import from_uint8

_CHUNK = 32


@torch.no_grad()
def pooled_features(images: UInt8[Tensor, "N H W 3"], vgg: str) -> Float[Tensor, "N C"]:
    """Average conv4_2 over each picture."""
    extractor = FeatureExtractor(("conv4_2",), 256, "area", vgg)
    chunks = torch.split(images, _CHUNK)
    parts = [extractor(from_uint8(chunk))["conv4_2"].mean(dim=(2, 3)) for chunk in chunks]
    return torch.cat(parts)


def frechet_distance(a: Float[Tensor, "N C"], b: Float[Tensor, "M C"]) -> float:
    """Compare two sets of features as Gaussians (Frechet distance, as FID does with another network).

    Args:
        a: One set; more rows than columns.
        b: The other.

    Returns:
        ``|mean a - mean b|^2 + trace(A + B - 2 (A B)^(1/2))`` with covariances A and B.

    Example:
        >>> a = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
        >>> round(frechet_distance(a, a + torch.tensor([3.0, 0.0, 0.0])), 3)
        9.0
    """
    a, b = a.double(), b.double()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(cov_a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross)


@torch.no_grad()
def mean_pairwise_distance(images: UInt8[Tensor, "N H W 3"], distance: PerceptualDistance) -> float:
    """Average the perceptual distance of picture i and picture i + 1: independent pictures in random order."""
    parts = [
        distance(from_uint8(first), from_uint8(second))
        for first, second in zip(torch.split(images[:-1], _CHUNK), torch.split(images[1:], _CHUNK), strict=True)
    ]
    return float(torch.cat(parts).mean())


def nearest(images: UInt8[Tensor, "N H W 3"], data: UInt8[Tensor, "M H W 3"]) -> list[int]:
    """For each picture find the number of the most similar one in ``data``, by 16 x 16 thumbnails."""
    distances = torch.cdist(_thumbnails(images), _thumbnails(data))
    return [int(i) for i in distances.argmin(dim=1)]


def _thumbnails(images: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(from_uint8(images), 16).flatten(1)
