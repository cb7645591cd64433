"""An embedding in one file, whatever its size: written through the system's file mapping, shard after shard."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from i2s_lightning.checkpoints import packed
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.checkpoints.embedding import Embedding
from i2s_lightning.checkpoints.store import ENDING, FORMAT, PACKED_VERSION, seal
from i2s_lightning.errors import ConfigError

ENDINGS: Final = (ENDING, ".npz", ".pt")
_CODES: Final = {torch.int64: "I64", torch.float64: "F64", torch.float32: "F32", torch.uint8: "U8"}
_ALIGNMENT: Final = 8


def export_embedding(embedding: Embedding, out: Path) -> None:
    """Write an embedding to one file, atomically.

    ``.safetensors`` is an embedding of ours, which ``load_embedding`` opens. ``.npz`` holds the arrays ``names``,
    ``ws`` and what else is stored of each picture (``w``, ``z``, ``noise_00``...), ``metrics/psnr`` and so on, and
    ``run``, a JSON text. ``.pt`` is a dictionary of the same as tensors and lists.

    Args:
        embedding: Any.
        out: The file; its ending decides. ``.npz`` and ``.pt`` need room for a ``.safetensors`` beside it meanwhile.

    Raises:
        ConfigError: Another ending.
        CheckpointError: Something can't be read.
    """
    if out.suffix not in ENDINGS:
        raise ConfigError(f"expected a file that ends in {', '.join(ENDINGS)}; got {out.name}")
    if out.suffix == ENDING:
        with replacing(out) as draft:
            _write(embedding, draft)
        return
    scratch = out.with_name(f".{out.name}.tmp{ENDING}")
    try:
        tensors = _write(embedding, scratch)
        with replacing(out) as draft:
            if out.suffix == ".npz":
                _save_npz(draft, tensors, embedding)
            else:
                _save_pt(draft, tensors, embedding)
    finally:
        scratch.unlink(missing_ok=True)


def columns(records: Mapping[str, Mapping[str, Any]]) -> dict[str, list[float] | list[str]]:
    """Turn records into one list a key: of numbers (NaN where a record has none), or else of texts.

    Example:
        >>> columns({"a": {"psnr": 30, "status": "done"}, "b": {"status": "failed"}})
        {'psnr': [30.0, nan], 'status': ['done', 'failed']}
    """
    numbers: dict[str, list[float]] = {}
    texts: dict[str, list[str]] = {}
    for i, record in enumerate(records.values()):
        for key, value in record.items():
            if isinstance(value, int | float):
                column = numbers.setdefault(key, [math.nan] * len(records))
                column[i] = float(value)
            elif key != "name" and value is not None:
                texts.setdefault(key, [""] * len(records))[i] = str(value)
    return {**numbers, **texts}


def _write(embedding: Embedding, path: Path) -> dict[str, Tensor]:
    """Write a packed shard.

    Returns:
        What is stored of the pictures, mapped into memory.
    """
    records = packed.pack({name: packed.to_json(record) for name, record in embedding.metrics.items()})
    stored = {key: embedding.read_one(key) for key in embedding.tensor_names()}
    sizes = {key: (value.dtype, tuple(value.shape)) for key, value in records.items()}
    sizes |= {key: (value.dtype, (len(embedding), *value.shape)) for key, value in stored.items()}
    header = {"format": FORMAT, "version": PACKED_VERSION, "run": json.dumps(embedding.run), "sha256": "0" * 64}
    tensors = _allocate(path, sizes, header)
    for key, value in records.items():
        tensors[key].copy_(value)
    for key in stored:
        embedding.read_all(key, tensors[key])
    header["sha256"] = seal(tensors, header)
    with path.open("r+b") as file:
        file.write(_header(sizes, header))  # as long as before
    return {key: tensors[key] for key in stored}


def _allocate(
    path: Path, sizes: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], metadata: Mapping[str, str]
) -> dict[str, Tensor]:
    """Make a safetensors file and map its tensors, to be filled."""
    header = _header(sizes, metadata)
    places = _places(sizes)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + max(end for _, end in places.values()))
    tensors = {}
    for key, (begin, end) in places.items():
        dtype, shape = sizes[key]
        mapped = np.memmap(path, np.uint8, "r+", len(header) + begin, (end - begin,))
        tensors[key] = torch.from_numpy(mapped).view(dtype).reshape(shape)
    return tensors


def _places(sizes: Mapping[str, tuple[torch.dtype, tuple[int, ...]]]) -> dict[str, tuple[int, int]]:
    """Lay tensors out, the widest type first: that keeps all aligned without gaps, which the format forbids."""
    places, end = {}, 0
    for key in sorted(sizes, key=lambda key: (-sizes[key][0].itemsize, key)):
        dtype, shape = sizes[key]
        begin, end = end, end + math.prod(shape) * dtype.itemsize
        places[key] = (begin, end)
    return places


def _header(sizes: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], metadata: Mapping[str, str]) -> bytes:
    places = _places(sizes)
    tensors = {
        key: {"dtype": _CODES[dtype], "shape": list(shape), "data_offsets": list(places[key])}
        for key, (dtype, shape) in sizes.items()
    }
    text = json.dumps({"__metadata__": dict(metadata), **tensors}).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _save_npz(path: Path, tensors: Mapping[str, Tensor], embedding: Embedding) -> None:
    arrays = {key: value.numpy() for key, value in tensors.items()}
    arrays |= {f"metrics/{key}": np.array(column) for key, column in columns(embedding.metrics).items()}
    arrays |= {"names": np.array(embedding.names), "run": np.array(json.dumps(embedding.run))}
    np.savez(path, allow_pickle=False, **arrays)


def _save_pt(path: Path, tensors: Mapping[str, Tensor], embedding: Embedding) -> None:
    metrics = {
        key: torch.tensor(column, dtype=torch.float64) if isinstance(column[0], float) else column
        for key, column in columns(embedding.metrics).items()
    }
    torch.save({"names": embedding.names, **tensors, "metrics": metrics, "run": embedding.run}, path)
