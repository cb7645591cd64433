"""The result store: what ``fit`` leaves, in files that are whole or absent, without pickle.

A run folder holds ``latents/*.safetensors`` (shards). A shard is the results of a few pictures: the tensors of all
its rows stacked (``ws`` (n, L, D); ``z`` (n, Z) or ``w`` (n, D) for those spaces; ``noise_00``... (n, 1, h, w) when
the noise was fixed per image) and, in its header, two JSON texts: ``rows`` (one record a row: name, status,
metrics...) and ``run`` (what all rows share: generator and VGG hashes, space, noise mode, losses, preprocessing,
seed, versions). Each shard therefore says by itself how to render its rows. ``sha256`` covers tensors and header.
Version 2 (one file of very many rows, see :mod:`i2s_lightning.checkpoints.export`) keeps its records as
tensors instead: a header is read whole by whoever wants one row, and may not exceed 100 MB.

A shard is written once and never changed; results that are computed twice after a crash replace equal ones. Nothing
else records which pictures are done: the store is the truth, and a damaged shard simply means that its pictures are
not done.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from i2s_lightning.checkpoints import packed
from i2s_lightning.checkpoints.atomic import replacing
from i2s_lightning.errors import CheckpointError
from i2s_lightning.ops.fingerprint import fingerprint

log = logging.getLogger(__name__)

FORMAT = "i2s_lightning.latents"
VERSION = "1"
PACKED_VERSION = "2"
ENDING = ".safetensors"


@dataclass(frozen=True)
class Result:
    """What is kept of one picture.

    Attributes:
        record: JSON-able facts; ``name`` and ``status`` always.
        tensors: Without the row axis: ``ws`` (L, D) always, ``z``, ``w`` or ``noise_NN`` as the run has them.
    """

    record: dict[str, Any]
    tensors: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one picture's result lies.

    Attributes:
        name: The picture's.
        shard: The file.
        row: Its row there.
        facts: Its record, or the JSON of it, which is parsed when somebody asks.
    """

    name: str
    shard: Path
    row: int
    facts: dict[str, Any] | bytes

    @property
    def record(self) -> dict[str, Any]:
        """What is known of the picture: name, status, metrics."""
        if isinstance(self.facts, dict):
            return self.facts
        record: dict[str, Any] = json.loads(self.facts)
        return record

    def read(self, tensor: str) -> Tensor:
        """Read one tensor of this row; only its bytes are read (the file is mapped).

        Raises:
            CheckpointError: The shard can't be read or has no such tensor.
        """
        return read_rows(self.shard, tensor, [self.row])[0]

    def tensor_names(self) -> list[str]:
        """List what this row's shard holds."""
        with safe_open(self.shard, framework="pt") as file:
            return [name for name in file.keys() if name not in packed.NAMES]  # noqa: SIM118 - not a dict


def read_rows(shard: Path, tensor: str, rows: Sequence[int]) -> Tensor:
    """Read one tensor of some rows, in that order; only their bytes are read (the file is mapped).

    Raises:
        CheckpointError: The shard can't be read or has no such tensor.
    """
    try:
        with safe_open(shard, framework="pt") as file:
            if len(rows) == 1:
                row = rows[0]
                return file.get_slice(tensor)[row : row + 1].clone()  # type: ignore[no-any-return]
            value: Tensor = file.get_tensor(tensor)
            return value[torch.tensor(rows)]
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"can't read {tensor!r} from {shard}: {error}") from error


def write_shard(path: Path, results: Iterable[Result], run: dict[str, Any]) -> None:
    """Write results to one file, atomically.

    Args:
        path: The file to write.
        results: At least one; all with the same tensors.
        run: What they share (see the module's docstring).
    """
    results = list(results)
    tensors = {k: torch.stack([r.tensors[k].detach().cpu() for r in results]) for k in results[0].tensors}
    header = {
        "format": FORMAT,
        "version": VERSION,
        "rows": json.dumps([r.record for r in results]),
        "run": json.dumps(run),
    }
    header["sha256"] = seal(tensors, header)
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
            _check_header(path, header)
            wanted = list(file.keys()) if verify else packed.NAMES if header["version"] == PACKED_VERSION else ()
            tensors = {name: file.get_tensor(name) for name in wanted}
        if verify and seal(tensors, header) != header["sha256"]:
            raise ValueError("its contents do not match its hash")
        entries = [Entry(name, path, i, facts) for i, (name, facts) in enumerate(_records(header, tensors))]
        return entries, json.loads(header["run"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} is damaged or no safetensors file ({error}); delete it and run fit again"
        ) from error


def seal(tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> str:
    """Hash everything that a file says, but the hash itself."""
    return fingerprint(tensors, {key: value for key, value in header.items() if key != "sha256"})


def shards(folder: Path) -> list[Path]:
    """List a store's shards in the order they were written."""
    return sorted(p for p in folder.glob(f"*{ENDING}") if not p.name.startswith("."))


def next_shard(folder: Path, rank: int) -> Path:
    """Name a new shard: after all that are there, and never the name that another process chooses."""
    names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 - every round asks: names only, no objects
    numbers = [int(name.split("-")[0]) for name in names if name.endswith(ENDING) and name.split("-")[0].isdigit()]
    return folder / f"{max(numbers, default=-1) + 1:06d}-{rank:03d}{ENDING}"


def read_entries(folder: Path) -> tuple[dict[str, Entry], dict[str, Any]]:
    """Read all records of a store from its shards.

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


def _records(header: Mapping[str, str], tensors: Mapping[str, Tensor]) -> Iterable[tuple[str, dict[str, Any] | bytes]]:
    if header["version"] == PACKED_VERSION:
        return packed.Packed(tensors).items()
    return [(str(record["name"]), record) for record in json.loads(header["rows"])]


def _check_header(path: Path, header: dict[str, str]) -> None:
    if header.get("format") != FORMAT:
        raise CheckpointError(f"{path} holds no embedding: its header says {header.get('format')!r}, not {FORMAT!r}")
    if header.get("version") not in (VERSION, PACKED_VERSION):
        raise CheckpointError(
            f"{path} has version {header.get('version')}, this program reads {VERSION} and {PACKED_VERSION}: "
            "update i2s_lightning"
        )
