"""Where pictures lie in their generator's space, and what that means for editing them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.edits.latent import Names, match_names
from i2s_lightning.edits.options import Layers, layer_set
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.named import cache_folder
from i2s_lightning.generators.samples import SAMPLES, sample_w
from i2s_lightning.ops.whitening import Whitening, fit_whitening, raised

SHIPPED = Path(__file__).parent.parent / "assets"

SAFE = 3.0
"""Up to this typicality a picture is called safe to edit."""
STRAINED = 14.0
"""Beyond this one it is called over-fitted. ``scripts/calibrate_editability.py``: after the quick start, heads of
held-out renders (12 to 17) mostly turn towards the truth, those of renders upside down (15 to 27) away from it. After
50 steps of Adam(0.01) the two lie too near each other (3.0 to 3.7, 3.8 to 4.1): there the likeness tells more."""
LIKENESS = 21.0
"""PSNR in dB below which the embedding is called another picture than its target."""


@dataclass(frozen=True)
class Report:
    """How well a picture can be edited.

    Attributes:
        name: The picture's.
        w_avg_distance: ``||w - w_avg||`` over all layers, the quantity of the paper's tables 1 and 2.
        typicality: Root mean square distance from the mean in P space, in standard deviations of the generator's own
            samples: they have about 1.
        psnr: In dB, as stored; None if the embedding does not tell.
        nearest: The name of the picture that lies nearest; None if there is no other.
        nearest_distance: How far it is, as ``w_avg_distance`` is measured.
        verdict: In words.
    """

    name: str
    w_avg_distance: float
    typicality: float
    psnr: float | None
    nearest: str | None
    nearest_distance: float | None
    verdict: str


def whitening_of(generator: Generator) -> Whitening:
    """Give P space: as it ships with the generator, else estimated from 20,000 samples, once (then from the cache)."""
    for shipped in sorted(SHIPPED.glob("*_stats.safetensors")):
        with safe_open(shipped, framework="pt") as file:
            if file.metadata()["generator_sha256"] == generator.sha256:
                mean, basis, deviations = (file.get_tensor(f"p_{name}").double() for name in ("mean", "basis", "std"))
                return Whitening(mean, basis.T, raised(deviations.square()).sqrt())
    path = cache_folder() / "whitening" / f"{generator.sha256}.safetensors"
    if generator.sha256 and path.is_file():
        return Whitening(**load_file(path))
    whitening = fit_whitening(sample_w(generator, SAMPLES))
    if generator.sha256:
        with replacing(path) as draft:
            save_file({key: value.contiguous() for key, value in vars(whitening).items()}, draft)
    return whitening


def typicality(embedding: Embedding, name: str) -> float:
    """Measure how far a picture lies from the generator's mean, in standard deviations of samples, over its layers."""
    return next(typicalities(embedding, [name]))


def typicalities(embedding: Embedding, names: Iterable[str]) -> Iterator[float]:
    """Measure the :func:`typicality` of pictures, one after the other."""
    whitening = whitening_of(embedding.generator)
    for name in names:
        yield float(whitening.typicality(embedding[name]).square().mean().sqrt())


def neighbours(embedding: Embedding, image: str, count: int = 3, layers: Layers = "all") -> list[tuple[str, float]]:
    """Find the embedded pictures that lie nearest.

    Args:
        embedding: Has the pictures.
        image: One of them.
        count: How many neighbours, at most.
        layers: Layers to compare; ``coarse`` finds the same pose, ``fine`` the same colours.

    Returns:
        Names and distances (L2 norm over the layers), nearest first, without the picture itself.
    """
    chosen = list(layer_set(layers, embedding.generator.layer_resolutions))
    own = embedding[image][chosen]
    others = [(name, float((embedding[name][chosen] - own).norm())) for name in embedding.names if name != image]
    return sorted(others, key=lambda pair: pair[1])[:count]


def report(embedding: Embedding, images: Names = "*") -> list[Report]:
    """Say of each picture how far it lies from what the generator knows, and what to expect of edits.

    Args:
        embedding: Has the pictures.
        images: Names.

    Returns:
        One report a picture.

    Raises:
        CheckpointError: There is no such picture.
    """
    mean = embedding.generator.w_avg.cpu()
    names = match_names(embedding, images)
    reports = []
    for name, typical in zip(names, typicalities(embedding, names), strict=True):
        ws = embedding[name]
        psnr = embedding.metrics[name].get("psnr")
        nearest, far = next(iter(neighbours(embedding, name, 1)), (None, None))
        verdict = judge(typical, psnr)
        reports.append(Report(name, float((ws - mean).norm()), typical, psnr, nearest, far, verdict))
    return reports


def judge(typical: float, psnr: float | None) -> str:
    """Put numbers into words.

    Example:
        >>> judge(1.5, 25.0), judge(20.0, 18.0)
        ('safe to edit', 'over-fitted: expect artefacts; poor likeness')
    """
    verdict = "edit gently"
    if typical <= SAFE:
        verdict = "safe to edit"
    elif typical > STRAINED:
        verdict = "over-fitted: expect artefacts"
    return verdict if psnr is None or psnr >= LIKENESS else f"{verdict}; poor likeness"
