"""All records of a store in one file, so that 100,000 pictures in thousands of shards open at once.

``latents/.index.safetensors`` says which shards it was made from (names, sizes, times of change) and is used only when
these are exactly the shards that are there; else the shards' own headers are read. It is never the truth, holds nothing
that the shards do not, and may be deleted.
"""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from i2s_lightning.checkpoints import packed
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.checkpoints.store import ENDING, Entry, read_entries, read_shard

FILE = f".index{ENDING}"
FORMAT = "i2s_lightning.index"
VERSION = "1"


class Indexed(Mapping[str, Entry]):
    """Entries by name, sorted; each is made when it is asked for (100,000 take half a second)."""

    def __init__(self, tensors: Mapping[str, Tensor], folder: Path) -> None:
        self._records = packed.Packed(tensors)
        self._places = tensors["places"].numpy()
        self._shards = [folder / name for name, *_ in packed.from_bytes(tensors["shards"])]

    def __getitem__(self, name: str) -> Entry:
        shard, row = self._places[self._records.places[name]].tolist()
        return Entry(name, self._shards[shard], row, self._records[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def open_store(folder: Path) -> tuple[Mapping[str, Entry], dict[str, Any]]:
    """Read all records of a store: from the index where it is up to date, else from the shards.

    Args:
        folder: The ``latents`` folder.

    Returns:
        Entries by name, sorted; and what the rows of the newest shard share.

    Raises:
        CheckpointError: A shard is damaged.
    """
    return _read_index(folder) or read_entries(folder)


def write_index(folder: Path) -> None:
    """Write the index of the shards that are there now.

    Raises:
        CheckpointError: A shard is damaged.
    """
    present = _present(folder)  # before they are read: one that comes meanwhile makes the index outdated, not wrong
    found: dict[str, tuple[int, int, bytes]] = {}
    run: dict[str, Any] = {}
    for number, (name, *_) in enumerate(present):
        rows, run = read_shard(folder / name)
        found |= {entry.name: (number, entry.row, packed.to_json(entry.record)) for entry in rows}
    ordered = dict(sorted(found.items()))
    tensors = packed.pack({name: text for name, (*_, text) in ordered.items()})
    tensors["places"] = torch.tensor([place[:2] for place in ordered.values()], dtype=torch.int64).reshape(-1, 2)
    tensors["shards"] = packed.as_bytes(present)
    text = json.dumps(run)
    header = {"format": FORMAT, "version": VERSION, "run": text, "crc32": _checksum(tensors, text)}
    with replacing(folder / FILE) as draft:
        save_file(tensors, draft, metadata=header)


def _read_index(folder: Path) -> tuple[Mapping[str, Entry], dict[str, Any]] | None:
    path = folder / FILE
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError):
        return None
    run = header.get("run", "")
    known = (header.get("format"), header.get("version"), header.get("crc32"))
    if known != (FORMAT, VERSION, _checksum(tensors, run)) or packed.from_bytes(tensors["shards"]) != _present(folder):
        return None
    return Indexed(tensors, folder), json.loads(run)


def _present(folder: Path) -> list[list[Any]]:
    """List the shards: name, size, time of change."""
    with os.scandir(folder) as found:
        facts = [(entry.name, entry.stat()) for entry in found if entry.name.endswith(ENDING)]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in sorted(facts) if not name.startswith(".")]


def _checksum(tensors: Mapping[str, Tensor], run: str) -> str:
    value = zlib.crc32(run.encode())
    for name in sorted(tensors):
        value = zlib.crc32(tensors[name].numpy().data, zlib.crc32(name.encode(), value))
    return f"{value:08x}"
