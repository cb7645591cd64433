"""Pictures inside pages."""

import base64
import io
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

Kind = Literal["png", "jpeg", "webp"]

OPTIONS: dict[Kind, dict[str, Any]] = {"png": {"optimize": True}, "jpeg": {"subsampling": 0}, "webp": {}}
"""JPEG keeps full colour resolution: the edges of small pictures suffer most without."""
FAST: dict[str, Any] = {"compress_level": 1}


def data_uri(pixels: UInt8[np.ndarray, "H W C"], kind: Kind = "png", quality: int = 90, *, fast: bool = False) -> str:
    """Turn pixels into an address that holds them, for ``<img src>``.

    Args:
        pixels: Grey (C = 1), RGB (3) or, except as JPEG, RGBA (4).
        kind: ``png`` keeps every value.
        quality: Of JPEG and WebP, 1..100.
        fast: A PNG takes a tenth of the time, and a tenth more room: for what is shown once.

    Returns:
        ``data:image/...;base64,...``.

    Example:
        >>> data_uri(np.zeros((1, 1, 1), np.uint8))[:26]
        'data:image/png;base64,iVBO'
    """
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    buffer = io.BytesIO()
    chosen = FAST if fast and kind == "png" else OPTIONS[kind]
    image.save(buffer, kind, **chosen, **({} if kind == "png" else {"quality": quality}))
    return file_uri(buffer.getvalue(), kind)


def file_uri(content: bytes, kind: Kind) -> str:
    """Turn a picture file's bytes into an address that holds them."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
