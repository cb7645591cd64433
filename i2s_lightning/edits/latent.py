"""What one picture is rendered from, taken from an embedding and combined, and the rendering itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from i2s_lightning.checkpoints import Embedding, load_embedding
from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.edits.options import Number
from i2s_lightning.errors import CheckpointError, ConfigError
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.base import Generator, NoiseMode
from i2s_lightning.ops.latents import interpolate

Names = str | Sequence[str]


@dataclass(frozen=True)
class Latent:
    """What a picture is rendered from.

    Attributes:
        ws: W+ styles, ``(L, D)``.
        noise: The picture's own noise maps, ``(1, h, w)`` each; None: the generator's.
        stored: It is a stored one, unchanged: it must render to exactly the stored picture.
    """

    ws: Tensor
    noise: list[Tensor] | None = None
    stored: bool = False


def open_embedding(path: str | Path, generator: str | Path | None = None, *, force: bool = False) -> Embedding:
    """Open an embedding for edits.

    Args:
        path: What ``load_embedding`` takes.
        generator: Where the generator is, when it is no longer where it was.
        force: Take ``generator`` even when it is another one than the embedding's, such as a fine-tuned copy.

    Raises:
        CheckpointError: Another generator without ``force``, or one whose styles have another shape.
    """
    embedding = load_embedding(path, generator)
    if not force:
        return embedding
    wanted = embedding.run["generator"]
    other = load_generator(wanted["file"] if generator is None else generator)
    if (other.num_ws, other.w_dim) != (wanted["num_ws"], wanted["w_dim"]):
        raise CheckpointError(
            f"the embedding's styles are {wanted['num_ws']} x {wanted['w_dim']}, those of this generator "
            f"{other.num_ws} x {other.w_dim}: not even force can fit them"
        )
    forced = load_embedding(path, other)
    forced.run = {**forced.run, "generator": {**wanted, "sha256": other.sha256}}
    return forced


def stored(embedding: Embedding, name: str) -> Latent:
    """Read one picture's latent."""
    return Latent(embedding[name], embedding.noise(name), stored=True)


def of_stored(change: Callable[..., Latent], embedding: Embedding, names: Sequence[str], *arguments: Any) -> Latent:
    """Read pictures' latents and change them; a ``partial`` of it is a shot that reads nothing before its turn."""
    return change(*(stored(embedding, name) for name in names), *arguments)


def match_names(embedding: Embedding, names: Names) -> list[str]:
    """Find pictures by name; ``*`` and ``?`` match several, in the order of their names.

    Raises:
        CheckpointError: There is no such picture; the closest names are told.
        ConfigError: No name at all, or a pattern that fits none.
    """
    found: list[str] = []
    for name in [names] if isinstance(names, str) else names:
        if name in embedding or not set("*?") & set(name):
            embedding[name]  # tells the closest names if there is none
            found.append(name)
            continue
        fitting = [known for known in embedding.names if fnmatchcase(known, name)]
        if not fitting:
            raise ConfigError(f"no picture fits {name!r}; there are {', '.join(embedding.names[:8])}")
        found += fitting
    if not found:
        raise ConfigError("expected at least one picture's name; got none")
    return found


def blend_noise(first: Latent, last: Latent, share: Number) -> list[Tensor] | None:
    """Interpolate noise maps.

    Raises:
        CheckpointError: Only one of the two has maps of its own.
    """
    if first.noise is None and last.noise is None:
        return None
    if first.noise is None or last.noise is None:
        raise CheckpointError("one picture has noise maps of its own and the other has not: embed both in one run")
    return [interpolate(a, b, share) for a, b in zip(first.noise, last.noise, strict=True)]


def pick_noise(content: Latent, style: Latent, layers: Sequence[int], weight: Number) -> list[Tensor] | None:
    """Give the noise maps of a crossover: each goes with the style of its layer (the k-th map acts where ws k does)."""
    blended = blend_noise(content, style, weight)
    if blended is None or content.noise is None:
        return None
    return [blended[k] if k in layers else own for k, own in enumerate(content.noise)]


@torch.no_grad()
def render_latents(generator: Generator, latents: Sequence[Latent], noise_mode: NoiseMode) -> list[Tensor]:
    """Render several latents.

    Stored ones are rendered by themselves, as they were when they were stored; the others together, which is faster on
    a GPU but may round the last bit otherwise than one by one.

    Args:
        generator: The generator.
        latents: At least one; all with noise maps of their own, or none.
        noise_mode: As the generator's ``synthesis`` takes it.

    Returns:
        ``(C, H, W)`` each, about [-1, 1], on the generator's device.
    """
    together = [i for i, latent in enumerate(latents) if not latent.stored]
    if len(together) < 2:
        return [render_one(generator, latent.ws, noise_mode, latent.noise) for latent in latents]
    like = generator.w_avg
    chosen = [latents[i] for i in together]
    maps = [latent.noise for latent in chosen if latent.noise is not None]
    noise = [torch.stack(level).to(like) for level in zip(*maps, strict=True)] if maps else None
    ws = torch.stack([latent.ws for latent in chosen]).to(like)
    images = dict(zip(together, generator.synthesis(ws, noise_mode=noise_mode, noise=noise), strict=True))
    return [
        images[i] if i in images else render_one(generator, latent.ws, noise_mode, latent.noise)
        for i, latent in enumerate(latents)
    ]
