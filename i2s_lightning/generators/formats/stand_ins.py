"""What a pickle's objects become when read: inert data, checked against the bytes that are really there."""

import math
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .problems import damaged, hostile, shown

#: Longest tuple of sizes that a tensor may have.
_MAX_DIMENSIONS = 8


@dataclass(eq=False, slots=True)
class Storage:
    """Raw numbers of one or more tensors, still in the file.

    Attributes:
        dtype: Type of the numbers.
        numel: How many the pickle claims; whoever sets ``data`` has checked it.
        data: The numbers; None until the reader of the container has found them.
    """

    dtype: torch.dtype
    numel: int
    data: memoryview | None = None


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A strided view of a storage, checked but not yet copied out of the file."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def extent(self) -> int:
        """How many elements of the storage it spans."""
        if 0 in self.size:
            return 0
        return 1 + sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True))

    def read(self) -> Tensor:
        """Copy the numbers out.

        Returns:
            A contiguous tensor that owns its memory.
        """
        dtype = self.storage.dtype
        if not self.extent:
            return torch.empty(self.size, dtype=dtype)
        if self.storage.data is None:
            raise damaged("a tensor's numbers are missing")
        raw = self.storage.data[self.offset * dtype.itemsize : (self.offset + self.extent) * dtype.itemsize]
        flat = torch.frombuffer(bytearray(raw), dtype=dtype)
        return flat.as_strided(self.size, self.stride).contiguous()


@dataclass(slots=True)
class NumpyType:
    """A numpy dtype in the making; the byte order comes second."""

    code: str
    order: str = "|"

    def resolve(self) -> np.dtype[Any]:
        """The dtype itself, or an error for anything but plain numbers."""
        if self.code not in _NUMPY_CODES:
            raise hostile(f"has an array of numpy type {shown(self.code)}")
        return np.dtype(("<" if self.order in "<|=" else ">") + self.code)


_NUMPY_CODES = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})


@dataclass(slots=True)
class NumpyArray:
    """A numpy array in the making; filled by the pickle's next step."""

    array: npt.NDArray[Any] | None = None

    @property
    def extent(self) -> int:
        """Number of elements."""
        return 0 if self.array is None else self.array.size

    def read(self) -> Tensor:
        """Copy the numbers into a tensor."""
        if self.array is None:
            raise damaged("an array has no contents")
        return torch.from_numpy(self.array.astype(self.array.dtype.newbyteorder("="), order="C", copy=True))


@dataclass(frozen=True, slots=True)
class NvidiaObject:
    """One module of an NVIDIA PyTorch pickle: a class name and attributes; its source text is ignored."""

    class_name: str
    state: dict[str, Any]

    def children(self, kind: str) -> dict[str, Any]:
        """Entries of ``_modules``, ``_parameters`` or ``_buffers`` that are not None."""
        found = self.state.get(kind, {})
        if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
            raise damaged(f"{kind} of a {shown(self.class_name)} is no table of names")
        return {name: value for name, value in found.items() if value is not None}


@dataclass(slots=True)
class TensorFlowNetwork:
    """A ``Network`` of NVIDIA's TensorFlow pickles; its build code is ignored."""

    state: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Attributes:
    """An ``argparse.Namespace``: training options, kept as data."""

    values: dict[str, Any] = field(default_factory=dict)


def stored_tensor(storage: object, offset: object, size: object, stride: object) -> StoredTensor:
    """Check a tensor's claims against its storage.

    Raises:
        UnsupportedWeightsError: A claim reaches outside the storage, is negative, or is not a number.
    """
    if not isinstance(storage, Storage):
        raise damaged(f"a tensor stands on {shown(storage)}, not on a storage")
    sizes, strides = _naturals(size), _naturals(stride)
    if not _is_natural(offset) or sizes is None or strides is None or len(sizes) != len(strides):
        raise hostile("has a tensor with a negative or senseless offset, size or stride")
    tensor, numel = StoredTensor(storage, offset, sizes, strides), math.prod(sizes)
    # The second test stops a stride of 0, with which 16 bytes can claim to be 160 GB.
    if (numel and offset + tensor.extent > storage.numel) or numel > storage.numel:
        raise hostile(f"has a tensor that claims {numel:,} elements of a storage of {storage.numel:,}")
    return tensor


def _is_natural(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 2**48


def _naturals(values: object) -> tuple[int, ...] | None:
    if not isinstance(values, tuple) or len(values) > _MAX_DIMENSIONS or not all(map(_is_natural, values)):
        return None
    return values
