"""Latents that other tools wrote: read as data, whatever the file's name."""

import math
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from i2s_lightning.errors import CheckpointError, UnsupportedWeightsError
from i2s_lightning.generators.formats.container import read_file
from i2s_lightning.generators.formats.numpy_objects import read_table
from i2s_lightning.generators.formats.stand_ins import StoredTensor
from i2s_lightning.generators.formats.weights import Weights

#: Far more than the latents of a thousand pictures; a compressed archive could claim anything.
_MOST_BYTES = 2**30

_NPY = b"\x93NUMPY"
#: The header as numpy writes it; numpy's own parser evaluates it as Python and fails in too many ways.
_NPY_HEADER = re.compile(
    rb"\{'descr': '(?P<kind>[<>|=][a-zA-Z]\d{0,3})', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>(\d{1,12}(, \d{1,12}){0,7},?)?)\), \} *\n?"
)


@dataclass(frozen=True)
class Foreign:
    """One picture's latent from another tool.

    Attributes:
        ws: ``(L, D)``, or ``(1, D)`` for a single w.
        noise: Its own noise maps, ``(1, h, w)`` each; empty if it has none.
    """

    ws: Tensor
    noise: list[Tensor] = field(default_factory=list)


def read_foreign(path: Path) -> dict[str, Foreign] | None:
    """Read another tool's latents; contents decide the format.

    Args:
        path: NVIDIA's ``.npz`` with ``w`` (1, L, D); e4e's ``.npy`` or torch tensor (N, L, D); ReStyle's ``.npy`` with
            a table of the steps' latents by name, of which the last are taken; rosinality's table
            ``{name: {latent, noise}}``.

    Returns:
        Latents by picture name; None if the file holds no latents (perhaps a generator).

    Raises:
        CheckpointError: It is damaged, or holds latents in a form that nobody writes.
    """
    with path.open("rb") as file:
        start = file.read(6)
    if start == _NPY:
        return _from_array(path, _from_npy(path, path.read_bytes()))
    if start[:4] == b"PK\x03\x04" and (entry := _projected(path)) is not None:
        return _from_array(path, entry)
    try:
        root = read_file(path)
    except UnsupportedWeightsError:
        return None  # whoever reads generators says what is wrong with it
    if isinstance(root, StoredTensor):
        return _numbered(path, root.read())
    return _from_rosinality(path, root)


def _from_array(path: Path, contents: Tensor | dict[str, Tensor]) -> dict[str, Foreign]:
    if isinstance(contents, Tensor):
        return _numbered(path, contents)
    if not contents or any(value.ndim != 2 for value in contents.values()):
        raise CheckpointError(f"{path}: expected latents (L, D) by name; it holds arrays of other shapes, or none")
    return _by_stem({name: Foreign(value) for name, value in contents.items()})


def _by_stem(found: dict[str, Foreign]) -> dict[str, Foreign]:
    """Name pictures by their file's name without folder and ending, unless two would be called the same."""
    stems = [Path(name).stem for name in found]
    return dict(zip(stems, found.values(), strict=True)) if len(set(stems)) == len(stems) else found


def _numbered(path: Path, latents: Tensor) -> dict[str, Foreign]:
    if latents.ndim == 2:
        latents = latents.unsqueeze(0)
    if latents.ndim != 3 or not latents.is_floating_point() or 0 in latents.shape:
        raise CheckpointError(
            f"{path}: expected latents (N, L, D); got {latents.dtype} of shape {tuple(latents.shape)}"
        )
    if len(latents) == 1:
        return {path.stem: Foreign(latents[0])}
    return {f"{path.stem}_{i:04d}": Foreign(ws) for i, ws in enumerate(latents)}


def _from_npy(path: Path, data: bytes) -> Tensor | dict[str, Tensor]:
    """Parse an ``.npy`` file after checking its claims: a tensor, or what its (never run) pickle holds."""
    major = data[6] if len(data) > len(_NPY) else 0
    width = 2 if major == 1 else 4
    start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
    header = _NPY_HEADER.fullmatch(data[8 + width : start])
    if major not in (1, 2, 3) or header is None or start > len(data):
        raise CheckpointError(f"{path} is cut short or damaged: it starts like a NumPy array but has no sound header")
    kind, fortran, sizes = header["kind"].decode(), header["fortran"] == b"True", header["shape"].split(b",")
    if kind == "|O":
        return read_table(memoryview(data), start)
    if kind[1:] not in ("f2", "f4", "f8"):
        raise CheckpointError(f"{path}: expected an array of floating-point numbers; got {kind!r}")
    shape = [int(size) for size in sizes if size.strip()]
    if math.prod(shape) * int(kind[2:]) != len(data) - start:
        raise CheckpointError(f"{path} is cut short or damaged: its size does not fit its header")
    array = np.frombuffer(data, np.dtype(kind), offset=start).reshape(shape, order="F" if fortran else "C")
    return torch.from_numpy(array.astype(np.float32, order="C"))


def _projected(path: Path) -> Tensor | dict[str, Tensor] | None:
    """Read ``w`` of an ``.npz``; None for a torch file, which is a zip archive too."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return None  # damaged: whoever reads generators says so
    with archive:
        if "w.npy" not in archive.namelist():
            return None
        if archive.getinfo("w.npy").file_size > _MOST_BYTES:
            raise CheckpointError(f"{path}: its w has more bytes than any embedding; it is damaged or hostile")
        try:
            data = archive.read("w.npy")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise CheckpointError(f"{path} is damaged: {error or 'it ends early'}") from error
    if data[:6] != _NPY:
        raise CheckpointError(f"{path} is damaged: its w is no NumPy array")
    return _from_npy(path, data)


def _from_rosinality(path: Path, root: object) -> dict[str, Foreign] | None:
    if not isinstance(root, dict) or not root:
        return None
    if not all(isinstance(item, dict) and "latent" in item for item in root.values()):
        return None
    return _by_stem({str(name): _rosinality_item(f"{path}: {name}", item) for name, item in root.items()})


def _rosinality_item(what: str, item: dict[str, Any]) -> Foreign:
    noise = item.get("noise") or []
    if not isinstance(noise, list):
        raise CheckpointError(f"{what}: expected a list of noise maps; the file is damaged")
    weights = Weights({"latent": item["latent"], **{f"noise {i}": value for i, value in enumerate(noise)}}, what)
    ws = weights.take("latent")
    maps = [weights.take(f"noise {i}") for i in range(len(noise))]
    if ws.ndim not in (1, 2) or 0 in ws.shape or any(value.ndim < 2 or value.shape[:-2].numel() != 1 for value in maps):
        raise CheckpointError(f"{what}: expected a latent (L, D) or (D,) and maps (1, 1, h, w); got {tuple(ws.shape)}")
    return Foreign(ws.reshape(-1, ws.shape[-1]), [value.reshape(1, *value.shape[-2:]) for value in maps])
