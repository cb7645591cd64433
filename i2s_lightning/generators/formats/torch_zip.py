"""torch's file container since 1.6: a zip archive of a pickle and one uncompressed record per storage."""

import io
import struct
import zipfile
import zlib
from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError

from .known import FILLERS
from .opcodes import Budget
from .pickle_reader import read_pickle
from .problems import damaged, hostile, shown, truncated
from .stand_ins import Storage
from .torch_legacy import nested_table, persistent_storage, promised_storage

MAGIC = b"PK\x03\x04"
#: Bytes of zip directory that are read; those of real checkpoints have about 100 kB.
_MAX_DIRECTORY = 2**22
_LOCAL_HEADER = 30


def read_zip(data: memoryview, budget: Budget) -> Any:
    """Read a torch zip file.

    Args:
        data: The file.
        budget: Operations that are left for this file.

    Returns:
        Its root object, tensors as :class:`~.stand_ins.StoredTensor`.

    Raises:
        UnsupportedWeightsError: The file is damaged, hostile, a TorchScript program or no torch file at all.
    """
    archive = _Archive(data)
    if archive.has("byteorder") and bytes(archive.record("byteorder")) != b"little":
        raise UnsupportedWeightsError(
            "the file was written on a big-endian machine; load and save it with torch on a common one"
        )
    storages: dict[str, Storage] = {}

    def load(identity: object) -> Storage:
        known, key, numel = persistent_storage(identity)
        storage = promised_storage(storages, known, key, numel)
        if storage.data is None:
            storage.data = _numbers(archive, key, numel * storage.dtype.itemsize)
        return storage

    pickle = archive.record("data.pkl")
    root, _ = read_pickle(pickle, 0, table=nested_table(budget), fillers=FILLERS, budget=budget, persistent=load)
    return root


def _numbers(archive: "_Archive", key: str, expected: int) -> memoryview:
    if not key.isascii() or not key.isdigit() or not archive.has(f"data/{key}"):
        raise damaged(f"its storage {shown(key)} is missing")
    found = archive.record(f"data/{key}")
    if len(found) != expected:
        raise damaged(f"storage {key} should have {expected:,} bytes and has {len(found):,}")
    return found


class _Archive:
    """The records of a torch zip, as views of the file."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.records = {info.filename: info for info in _directory(data)}
        roots = [name for name in self.records if name.count("/") == 1 and name.endswith("/data.pkl")]
        if any(name.endswith("/constants.pkl") for name in self.records):
            raise UnsupportedWeightsError(
                "the file is a TorchScript program (torch.jit.save), not weights; save a state dict instead"
            )
        if len(roots) != 1:
            first = ", ".join(shown(name) for name in list(self.records)[:3])
            raise UnsupportedWeightsError(
                f"the file is a zip archive but no torch file (it holds {first}); unpack it and use the file inside"
            )
        self.prefix = roots[0].removesuffix("data.pkl")
        # Each record is read once; records that overlap could otherwise make a small file large.
        self.unread = len(data)

    def has(self, name: str) -> bool:
        return self.prefix + name in self.records

    def record(self, name: str) -> memoryview:
        info = self.records[self.prefix + name]
        start = info.header_offset + _LOCAL_HEADER
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
            raise UnsupportedWeightsError(
                f"record {shown(name)} of the file is compressed or encrypted, which torch never does; save the "
                "weights anew with torch"
            )
        if start > len(self.data) or bytes(self.data[info.header_offset : info.header_offset + 4]) != MAGIC:
            raise truncated(f"record {shown(name)} is missing")
        start += sum(struct.unpack_from("<HH", self.data, start - 4))
        found = self.data[start : start + info.file_size]
        self.unread -= len(found)
        if len(found) != info.file_size or self.unread < 0:
            raise truncated(f"record {shown(name)} is not all there")
        if zlib.crc32(found) != info.CRC:
            raise damaged(f"record {shown(name)} fails its checksum (CRC-32)")
        return found


class _Window(io.RawIOBase):
    """The file as zipfile wants it; refuses to copy more than a directory out of it."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.position = data, 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: len(self.data)}[whence]
        if base + offset < 0:
            raise ValueError("negative seek")
        self.position = base + offset
        return self.position

    def tell(self) -> int:
        return self.position

    def read(self, size: int = -1) -> bytes:
        found = bytes(
            self.data[self.position : self.position + (_MAX_DIRECTORY if size < 0 else size)][: _MAX_DIRECTORY + 1]
        )
        if len(found) > _MAX_DIRECTORY:
            raise ValueError("directory too large")
        self.position += len(found)
        return found


def _directory(data: memoryview) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(_Window(data)) as archive:
            records = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as error:
        raise truncated(f"a zip archive without a sound directory: {error}") from error
    if len({info.filename for info in records}) != len(records) or any(info.header_offset < 0 for info in records):
        raise hostile("names a record twice, or one outside itself, in its zip directory")
    return records
