"""torch's file container from before 1.6: five pickles in a row, then the numbers.

The same layout is inside every tensor of an NVIDIA pickle (``torch.storage._load_from_bytes``), there with one storage.
"""

import struct
from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError

from .known import FILLERS, TABLE, Known, Table
from .opcodes import Budget
from .pickle_reader import read_pickle
from .problems import damaged, hostile, shown, truncated
from .stand_ins import Storage

MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


def read_legacy(data: memoryview, budget: Budget) -> Any:
    """Read a legacy torch file.

    Args:
        data: The file.
        budget: Operations that are left for this file.

    Returns:
        Its root object, tensors as :class:`~.stand_ins.StoredTensor`.

    Raises:
        UnsupportedWeightsError: The file is damaged, hostile or big-endian.
    """
    return _read(data, budget, nested_table(budget))


def nested_table(budget: Budget) -> Table:
    """The table of names for a file that may hold NVIDIA objects: their tensors are legacy files of their own."""

    def load_from_bytes(raw: object) -> Storage:
        if not isinstance(raw, memoryview) or raw[: len(MAGIC)] != MAGIC:
            raise hostile("has a tensor whose bytes are no torch storage")
        # Without this entry in its own table: a storage inside a storage inside ... has no end.
        storage = _read(raw, budget, TABLE)
        if not isinstance(storage, Storage):
            raise damaged(f"a tensor's bytes hold {shown(storage)}, not a storage")
        return storage

    return {
        **TABLE,
        ("torch.storage", "_load_from_bytes"): Known("torch.storage._load_from_bytes", call=load_from_bytes),
    }


def persistent_storage(identity: object) -> tuple[Known, str, int]:
    """Check the persistent id of a storage: ``('storage', type, key, location, numel[, view])``.

    Returns:
        Type, key and number of elements; the location (``cuda:0``) does not matter.
    """
    if not isinstance(identity, tuple) or not identity or identity[0] != "storage":
        source = isinstance(identity, tuple) and identity[:1] == ("module",)
        raise hostile("carries program source" if source else "refers to data of an unknown kind")
    if len(identity) not in (5, 6):
        raise damaged("a storage is described in an unknown form")
    kind, key, numel = identity[1], identity[2], identity[4]
    if not isinstance(kind, Known) or kind.dtype is None or not isinstance(key, str):
        raise damaged("a storage lacks its type or name")
    if type(numel) is not int or not 0 <= numel < 2**48:
        raise damaged("a storage lacks its size")
    if len(identity) == 6 and identity[5] is not None:
        raise UnsupportedWeightsError(
            "the file is from PyTorch 0.1 (storage views); load and save it with PyTorch 0.4 to 1.5 first"
        )
    return kind, key, numel


def _read(data: memoryview, budget: Budget, table: Table) -> Any:
    position = _check_header(data, budget)
    storages: dict[str, Storage] = {}

    def promise(identity: object) -> Storage:
        known, key, numel = persistent_storage(identity)
        return promised_storage(storages, known, key, numel)

    root, position = read_pickle(data, position, table=table, fillers=FILLERS, budget=budget, persistent=promise)
    keys, position = read_pickle(data, position, table={}, fillers={}, budget=budget)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or set(keys) != set(storages):
        raise damaged("its list of storages does not fit its contents")
    for key in keys:
        position = _fill(storages[key], data, position)
    return root


def promised_storage(storages: dict[str, Storage], known: Known, key: str, numel: int) -> Storage:
    """The one storage of that key, the same whenever the pickle mentions it."""
    assert known.dtype is not None  # persistent_storage() has checked
    storage = storages.setdefault(key, Storage(known.dtype, numel))
    if storage.dtype != known.dtype or storage.numel != numel:
        raise damaged(f"storage {shown(key)} is described twice, differently")
    return storage


def _check_header(data: memoryview, budget: Budget) -> int:
    position, header = 0, []
    for _ in range(3):
        value, position = read_pickle(data, position, table={}, fillers={}, budget=budget)
        header.append(value)
    magic, protocol, system = header
    if magic != _MAGIC_NUMBER or protocol != _PROTOCOL or not isinstance(system, dict):
        raise damaged("it starts like an old torch file but its header is wrong")
    if system.get("little_endian") is not True:
        raise UnsupportedWeightsError(
            "the file was written on a big-endian machine; load and save it with torch on a common one"
        )
    return position


def _fill(storage: Storage, data: memoryview, position: int) -> int:
    if position + 8 > len(data):
        raise truncated("the numbers of a tensor are missing")
    (numel,) = struct.unpack_from("<q", data, position)
    end = position + 8 + storage.numel * storage.dtype.itemsize
    if numel != storage.numel:
        raise damaged(f"a storage has {numel:,} numbers, its tensors expect {storage.numel:,}")
    if end > len(data):
        raise truncated(f"a tensor needs {end - position - 8:,} bytes, {len(data) - position - 8:,} are left")
    storage.data = data[position + 8 : end]
    return end
