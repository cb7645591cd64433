"""The result store: what ``fit`` leaves, in files that are whole or absent, without pickle.

A run folder holds ``latents/*.safetensors`` (shards). A shard is the results of a few pictures: the tensors of all
its rows stacked (``ws`` (n, L, D); ``z`` (n, Z) or ``w`` (n, D) for those spaces; ``noise_00``... (n, 1, h, w) when
the noise was fixed per image) and, in its header, two JSON texts: ``rows`` (one record a row: name, status,
metrics...) and ``run`` (what all rows share: generator and VGG hashes, space, noise mode, losses, preprocessing,
seed, versions). Each shard therefore says by itself how to render its rows. ``sha256`` in the header covers tensors
and records.

A shard is written once and never changed; results that are computed twice after a crash replace equal ones. Nothing
else records which pictures are done: the store is the truth, and a damaged shard simply means that its pictures are
not done.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.errors import CheckpointError
from i2s_lightning.ops.fingerprint import fingerprint

log = logging.getLogger(__name__)

FORMAT = "i2s_lightning.latents"
VERSION = "1"


@dataclass(frozen=True)
class Result:
    """What is kept of one picture.

    Attributes:
        record: JSON-able facts; ``name`` and ``status`` always.
        tensors: Without the row axis: ``ws`` (L, D) always, ``z``, ``w`` or ``noise_NN`` as the run has them.
    """

    record: dict[str, Any]
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class Entry:
    """Where one picture's result lies."""

    record: dict[str, Any]
    shard: Path
    row: int

    @property
    def name(self) -> str:
        """The picture's name."""
        return str(self.record["name"])

    def read(self, tensor: str) -> Tensor:
        """Read one tensor of this row; only its bytes are read (the file is mapped).

        Raises:
            CheckpointError: The shard can't be read or has no such tensor.
        """
        try:
            with safe_open(self.shard, framework="pt") as file:
                value: Tensor = file.get_slice(tensor)[self.row]
                return value.clone()
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"can't read {tensor!r} of {self.name!r} from {self.shard}: {error}") from error

    def tensor_names(self) -> list[str]:
        """List what this row's shard holds."""
        with safe_open(self.shard, framework="pt") as file:
            return list(file.keys())


def write_shard(path: Path, results: Iterable[Result], run: dict[str, Any]) -> None:
    """Write results to one file, atomically.

    Args:
        path: The file to write.
        results: At least one; all with the same tensors.
        run: What they share (see the module's docstring).
    """
    results = list(results)
    tensors = {k: torch.stack([r.tensors[k].detach().cpu() for r in results]) for k in results[0].tensors}
    rows = [r.record for r in results]
    header = {
        "format": FORMAT,
        "version": VERSION,
        "rows": json.dumps(rows),
        "run": json.dumps(run),
        "sha256": fingerprint(tensors, {"rows": rows}),
    }
    with replacing(path) as draft:
        save_file(tensors, draft, metadata=header)


def read_shard(path: Path, *, verify: bool = False) -> tuple[list[Entry], dict[str, Any]]:
    """Read a shard's records, not its tensors.

    Args:
        path: The file.
        verify: Also read the tensors and compare the hash (after a crash; takes about a second a gigabyte).

    Returns:
        One entry a row, and what the rows share.

    Raises:
        CheckpointError: The file is damaged, or not one of ours, or of a newer version.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {k: file.get_tensor(k) for k in file.keys()} if verify else {}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is damaged or no safetensors file ({error}); delete it and run fit again"
        ) from error
    if header.get("format") != FORMAT:
        raise CheckpointError(f"{path} holds no embedding: its header says {header.get('format')!r}, not {FORMAT!r}")
    if header["version"] != VERSION:
        raise CheckpointError(
            f"{path} has version {header['version']}, this program reads {VERSION}: update i2s_lightning"
        )
    rows = json.loads(header["rows"])
    if verify and fingerprint(tensors, {"rows": rows}) != header["sha256"]:
        raise CheckpointError(f"{path} is damaged: its contents do not match its hash; delete it and run fit again")
    return [Entry(record, path, i) for i, record in enumerate(rows)], json.loads(header["run"])


def shards(folder: Path) -> list[Path]:
    """List a store's shards in the order they were written."""
    return sorted(p for p in folder.glob("*.safetensors") if not p.name.startswith("."))


def next_shard(folder: Path, rank: int) -> Path:
    """Name a new shard: after all that are there, and never the name that another process chooses."""
    numbers = [int(path.name.split("-")[0]) for path in shards(folder) if path.name.split("-")[0].isdigit()]
    return folder / f"{max(numbers, default=-1) + 1:06d}-{rank:03d}.safetensors"


def read_entries(folder: Path) -> tuple[dict[str, Entry], dict[str, Any]]:
    """Read all records of a store.

    Args:
        folder: The ``latents`` folder.

    Returns:
        Entries by name, sorted; and what the rows of the newest shard share.

    Raises:
        CheckpointError: A shard is damaged.
    """
    entries: dict[str, Entry] = {}
    run: dict[str, Any] = {}
    for path in shards(folder):
        rows, run = read_shard(path)
        entries |= {entry.name: entry for entry in rows}  # a picture computed again after a crash replaces itself
    return dict(sorted(entries.items())), run


def read_sound_entries(folder: Path) -> Iterator[Entry]:
    """Read the records of all intact shards, and set damaged ones aside (renamed, with a warning).

    Args:
        folder: The ``latents`` folder; may not exist yet.

    Yields:
        Entries, oldest first.
    """
    for path in shards(folder):
        try:
            rows, _ = read_shard(path, verify=True)
        except CheckpointError as error:
            aside = path.with_suffix(".damaged")
            path.replace(aside)
            log.warning("%s; set aside as %s, its pictures are embedded again", error, aside.name)
        else:
            yield from rows
