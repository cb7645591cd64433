"""Very many records in three tensors: mapped rather than read, and parsed one at a time when somebody asks."""

import json
from collections.abc import Mapping
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
        >>> [(name, bytes(text)) for name, text in unpack(tensors)]
        [('a', b'{"psnr":30.0}'), ('b', b'{}')]
    """
    ends = torch.tensor(list(accumulate(map(len, texts.values()))), dtype=torch.int64)
    return {"names": as_bytes(list(texts)), "record_ends": ends, "records": _tensor(b"".join(texts.values()))}


def unpack(tensors: Mapping[str, Tensor]) -> list[tuple[str, memoryview]]:
    """Give names and the JSON texts of their records, which are not copied."""
    ends = tensors["record_ends"].tolist()
    view = memoryview(tensors["records"].numpy())  # type: ignore[arg-type]  # numpy's arrays are buffers
    texts = [view[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
    return list(zip(from_bytes(tensors["names"]), texts, strict=True))


def as_bytes(value: Any) -> Tensor:
    """Turn a JSON-able value into a tensor of bytes."""
    return _tensor(json.dumps(value).encode())


def from_bytes(tensor: Tensor) -> Any:
    """Turn what :func:`as_bytes` made back into a value."""
    return json.loads(tensor.numpy().tobytes())


def _tensor(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
