"""The identity of a network: a hash of its numbers and its construction, whatever file they came in."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def fingerprint(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> str:
    """Hash named tensors and a JSON-able description.

    Args:
        tensors: Any shapes and dtypes; order does not matter.
        config: What else decides the network's output.

    Returns:
        SHA-256 in hexadecimal, over the canonical JSON of ``config`` and, sorted by name, each tensor's name, dtype,
        shape and little-endian bytes.

    Example:
        >>> a, b = torch.zeros(2), torch.ones(3)
        >>> fingerprint({"a": a, "b": b}, {}) == fingerprint({"b": b, "a": a}, {})
        True
        >>> fingerprint({"a": a}, {}) == fingerprint({"a": a}, {"clamp": 256})
        False
    """
    digest = hashlib.sha256(json.dumps(config, sort_keys=True, separators=(",", ":")).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        # A view as bytes also serves bfloat16, which numpy does not know; all supported machines are little-endian.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
