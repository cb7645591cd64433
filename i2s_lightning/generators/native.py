"""Our own file: safetensors under NVlabs' names, with the construction in the header."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.build import build
from i2s_lightning.generators.state import GeneratorState
from i2s_lightning.ops.fingerprint import fingerprint

_FORMAT, _VERSION = "i2s_lightning.generator", "1"


def save_native(generator: Generator | GeneratorState, path: str | Path) -> None:
    """Write a generator as ``.safetensors``; ``path`` holds all of it or is untouched, whatever interrupts.

    Args:
        generator: A network (frozen or not), or what a file reader returned.
        path: The file; its folder is made if need be.

    Raises:
        UnsupportedWeightsError: The state is not that of a complete generator.
    """
    state = (build(generator) if isinstance(generator, GeneratorState) else generator).state()
    tensors = {name: tensor.cpu().clone().contiguous() for name, tensor in state.tensors.items()}
    metadata = {
        "format": _FORMAT,
        "version": _VERSION,
        "family": state.family,
        "config": json.dumps(state.config, sort_keys=True),
        "source": json.dumps(state.source, sort_keys=True),
        "sha256": fingerprint(tensors, {"family": state.family, **state.config}),
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        part = Path(folder) / "part"
        with part.open("wb") as file:  # not save_file, which denies others the reading
            file.write(save(tensors, metadata))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def is_native(path: Path) -> bool:
    """Tell whether a file is one of ours (possibly damaged further on)."""
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get("format") == _FORMAT
    except SafetensorError:
        return False


def load_native(path: str | Path) -> GeneratorState:
    """Read a file that ``save_native`` wrote.

    Args:
        path: The file.

    Returns:
        Its construction and numbers.

    Raises:
        UnsupportedWeightsError: Not such a file, of a later version, or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise UnsupportedWeightsError(f"{path} is not an intact safetensors file: {error}") from error
    if (metadata.get("format"), metadata.get("version")) != (_FORMAT, _VERSION):
        raise UnsupportedWeightsError(
            f"{path}: expected a header with format {_FORMAT!r}, version {_VERSION!r}; got "
            f"{metadata.get('format')!r}, {metadata.get('version')!r}. Use a newer i2s_lightning, or convert it."
        )
    config, source = (_parsed(path, metadata, key) for key in ("config", "source"))
    family = metadata.get("family", "")
    if fingerprint(tensors, {"family": family, **config}) != metadata.get("sha256"):
        raise UnsupportedWeightsError(f"{path} is damaged: its numbers don't match the hash in its header")
    return GeneratorState(family, config, tensors, source)


def _parsed(path: str | Path, metadata: dict[str, str], key: str) -> dict[str, Any]:
    try:
        value = json.loads(metadata.get(key, ""))
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnsupportedWeightsError(f"{path}: the header's {key!r} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UnsupportedWeightsError(f"{path}: the header's {key!r} is not a JSON object")
    return value
