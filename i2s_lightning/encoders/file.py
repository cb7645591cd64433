"""Encoders as files: safetensors, with the construction and the generator's hash in the header."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.encoders.network import Encoder
from i2s_lightning.errors import CheckpointError
from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators.base import Generator
from i2s_lightning.ops.fingerprint import fingerprint

FORMAT = "i2s_lightning.encoder"
VERSION = "1"
BUNDLED = {"faces64": Path(__file__).parents[1] / "assets" / "faces64_encoder.safetensors"}
_TRAIN = "Train one with fit --config configs/encoder.yaml --model.generator FILE, and give its path."


def save_encoder(encoder: Encoder, path: str | Path, facts: dict[str, Any] | None = None) -> None:
    """Write an encoder, weights in half precision.

    Args:
        encoder: Attached to its generator.
        path: The ``.safetensors`` file.
        facts: How it was made, JSON-able; kept in the header.
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in encoder.state_dict().items()}
    state = {name: tensor.half() if tensor.dim() > 1 else tensor for name, tensor in state.items()}
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "config": json.dumps(encoder.config, sort_keys=True),
        "generator_sha256": encoder.generator_sha256,
        "sha256": fingerprint(state, encoder.config | {"generator": encoder.generator_sha256}),
        "facts": json.dumps(facts or {}, sort_keys=True),
    }
    with replacing(Path(path)) as draft:
        save_file(state, draft, metadata)


def load_encoder(file_or_name: str | Path, generator: Generator | None = None) -> Encoder:
    """Load an encoder, frozen and in float32.

    Args:
        file_or_name: A file, or the name of a generator whose encoder comes with this package.
        generator: Whose styles are wanted; the encoder must be for it.

    Returns:
        The encoder: ``encoder(image)`` gives W+ styles, ``encoder.w(image)`` one style for all layers.

    Raises:
        CheckpointError: No such file or name; or a file that is no encoder, damaged, or for another generator.
    """
    path = Path(file_or_name)
    if not path.is_file() and str(file_or_name) in BUNDLED:
        path = BUNDLED[str(file_or_name)]
    metadata, state = _read(path)
    config, whose = json.loads(metadata["config"]), metadata["generator_sha256"]
    if fingerprint(state, config | {"generator": whose}) != metadata["sha256"]:
        raise CheckpointError(f"{path} is damaged: its numbers don't match the hash in its header. Copy it again.")
    if generator is not None and whose != generator.sha256:
        raise CheckpointError(
            f"{path} is for the generator {whose[:12]}, not for this one, {generator.sha256[:12]}. {_TRAIN}"
        )
    encoder = Encoder(**config)
    encoder.load_state_dict({name: tensor.to(encoder.state_dict()[name]) for name, tensor in state.items()})
    encoder.generator_sha256, encoder.sha256 = whose, metadata["sha256"]
    return freeze(encoder)


def shipped_encoder(generator: Generator) -> Encoder | None:
    """Load the encoder that comes with this package for a generator; None where none does."""
    for path in BUNDLED.values():
        if _metadata(path).get("generator_sha256") == generator.sha256:
            return load_encoder(path)
    return None


def is_encoder(path: str | Path) -> bool:
    """Tell whether a file says that it is an encoder."""
    try:
        return Path(path).is_file() and _metadata(Path(path)).get("format") == FORMAT
    except SafetensorError:
        return False


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        metadata = _metadata(path)
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, FileNotFoundError) as error:
        raise CheckpointError(f"{path} is no intact safetensors file: {error}") from error
    if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
        raise CheckpointError(
            f"{path}: expected a header with format {FORMAT!r}, version {VERSION!r}; got {metadata.get('format')!r}, "
            f"{metadata.get('version')!r}. {_TRAIN}"
        )
    return metadata, state


def _metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})
