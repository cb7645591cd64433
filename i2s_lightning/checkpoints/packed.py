"""Very many records in three tensors: mapped rather than read, and parsed one at a time when somebody asks."""

import json
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

import torch
from torch import Tensor

NAMES: Final = ("names", "record_ends", "records")
"""The tensors: names as one JSON list; where each record ends; the records, JSON texts without gaps."""


def to_json(record: Mapping[str, Any]) -> bytes:
    """Give a record's JSON without blanks."""
    return json.dumps(record, separators=(",", ":")).encode()


def pack(texts: Mapping[str, bytes]) -> dict[str, Tensor]:
    """Pack records.

    Args:
        texts: JSON texts by name.

    Returns:
        The tensors of :data:`NAMES`.

    Example:
        >>> tensors = pack({"a": to_json({"psnr": 30.0}), "b": to_json({})})
        >>> dict(Packed(tensors))
        {'a': b'{"psnr":30.0}', 'b': b'{}'}
    """
    ends = torch.tensor(list(accumulate(map(len, texts.values()))), dtype=torch.int64)
    return {"names": as_bytes(list(texts)), "record_ends": ends, "records": _tensor(b"".join(texts.values()))}


class Packed(Mapping[str, bytes]):
    """JSON texts by name, from what :func:`pack` made; each is read when it is asked for."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.places: dict[str, int] = {name: i for i, name in enumerate(from_bytes(tensors["names"]))}
        self._ends, self._texts = tensors["record_ends"].numpy(), tensors["records"].numpy()

    def __getitem__(self, name: str) -> bytes:
        i = self.places[name]
        return self._texts[self._ends[i - 1] if i else 0 : self._ends[i]].tobytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def as_bytes(value: Any) -> Tensor:
    """Turn a JSON-able value into a tensor of bytes."""
    return _tensor(json.dumps(value).encode())


def from_bytes(tensor: Tensor) -> Any:
    """Turn what :func:`as_bytes` made back into a value."""
    return json.loads(tensor.numpy().tobytes())


def _tensor(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
