"""Embeddings from and to other tools: NVIDIA's ``projected_w.npz``, rosinality's ``.pt``, e4e's latents."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.checkpoints.embedding import Embedding
from i2s_lightning.checkpoints.foreign import Foreign
from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.errors import CheckpointError
from i2s_lightning.generators.base import Generator

Format = Literal["projected_w", "rosinality", "latents"]


def import_latents(
    found: Mapping[str, Foreign], generator: Generator, generator_file: str, out: Path, origin: str
) -> None:
    """Store another tool's latents as an embedding of ours.

    Args:
        found: From :func:`read_foreign`.
        generator: That they belong to.
        generator_file: How to find it again.
        out: The ``.safetensors`` file to write.
        origin: Where they came from; recorded.

    Raises:
        CheckpointError: They do not fit the generator.
    """
    single = all(len(item.ws) == 1 or bool((item.ws == item.ws[:1]).all()) for item in found.values())
    maps = {len(item.noise) for item in found.values()}
    if maps not in ({0}, {len(generator.noise_shapes)}):
        raise CheckpointError(
            f"{origin}: expected {len(generator.noise_shapes)} noise maps a picture, or none; got {maps}"
        )
    results = []
    for name, item in found.items():
        ws = _fitted(item, generator, f"{origin}: {name}")
        tensors = {"ws": ws, **({"w": ws[0].clone()} if single else {})}
        tensors |= {f"noise_{i:02d}": noise.float() for i, noise in enumerate(item.noise)}
        results.append(Result({"name": name, "status": "imported"}, tensors))
    run = {
        "generator": {
            "file": generator_file,
            "sha256": generator.sha256,
            "family": generator.family,
            "num_ws": generator.num_ws,
            "w_dim": generator.w_dim,
            "img_shape": list(generator.img_shape),
            "img_channels": generator.img_channels,
        },
        "settings": {
            "space": "w" if single else "w_plus",
            "noise": "fixed" if maps == {len(generator.noise_shapes)} - {0} else "const",
        },
        "imported": origin,
    }
    write_shard(out, results, run)


def export_latents(embedding: Embedding, out: Path, form: Format) -> list[Path]:
    """Write an embedding for another tool.

    Args:
        embedding: Ours.
        out: The file; for "projected_w", which holds one picture, a folder if there are several.
        form: "projected_w": NVIDIA's ``.npz``; "rosinality": ``{name: {img, latent, noise}}``; "latents": all W+ in one
            ``.npy`` or ``.pt`` array (N, L, D), in the order of the names.

    Returns:
        The files written.
    """
    if form == "projected_w":
        return _write_projected(embedding, out)
    if form == "rosinality":
        with replacing(out) as draft:
            torch.save({name: _rosinality_item(embedding, name) for name in embedding.names}, draft)
    elif out.suffix == ".npy":
        with replacing(out) as draft:
            np.save(draft, embedding.ws.numpy())
    else:
        with replacing(out) as draft:
            torch.save(embedding.ws, draft)
    return [out]


def _write_projected(embedding: Embedding, out: Path) -> list[Path]:
    alone = len(embedding) == 1 and out.suffix == ".npz"
    written = []
    for name in embedding.names:
        path = out if alone else out / f"{name}.npz"
        with replacing(path) as draft:
            np.savez(draft, w=embedding[name].unsqueeze(0).numpy())
        written.append(path)
    return written


def _rosinality_item(embedding: Embedding, name: str) -> dict[str, Any]:
    generator = embedding.generator
    stored = [value for key, value in generator.state().tensors.items() if key.endswith(".noise_const")]
    own = embedding.noise(name) or [noise.cpu().unsqueeze(0) for noise in stored]
    if embedding.noise_mode == "none":
        own = [torch.zeros_like(noise) for noise in own]
    return {
        "img": embedding.render([name])[0],
        "latent": embedding[name].clone(),
        "noise": [noise.unsqueeze(0).clone() for noise in own],
    }


def _fitted(item: Foreign, generator: Generator, what: str) -> Tensor:
    layers, width = item.ws.shape
    if width != generator.w_dim or layers not in (1, generator.num_ws):
        raise CheckpointError(
            f"{what}: expected latents of {generator.num_ws} x {generator.w_dim} (or one w of {generator.w_dim}); got "
            f"{layers} x {width}. They belong to another generator"
        )
    wrong = [
        i
        for i, (noise, shape) in enumerate(zip(item.noise, generator.noise_shapes, strict=False))
        if tuple(noise.shape[-2:]) != tuple(shape)
    ]
    if wrong:
        raise CheckpointError(
            f"{what}: noise map {wrong[0]} has another size than the generator's; they don't belong together"
        )
    if not item.ws.isfinite().all():
        raise CheckpointError(f"{what}: the latent holds NaN or infinity")
    return item.ws.float().expand(generator.num_ws, width).clone()
