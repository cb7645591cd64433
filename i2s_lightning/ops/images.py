"""Pictures as numbers: the one place that converts between uint8 and [-1, 1]."""

from jaxtyping import Float, UInt8
from torch import Tensor


def from_uint8(pixels: UInt8[Tensor, "B H W C"]) -> Float[Tensor, "B C H W"]:
    """Convert uint8 pixels to the range that generators speak.

    Args:
        pixels: ``(B, H, W, C)``, 0..255.

    Returns:
        ``(B, C, H, W)`` float32 in [-1, 1]; :func:`to_uint8` inverts it exactly.

    Example:
        >>> import torch
        >>> from_uint8(torch.tensor([[[[0], [255]]]], dtype=torch.uint8)).flatten().tolist()
        [-1.0, 1.0]
    """
    return (pixels.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous()


def to_uint8(image: Float[Tensor, "B C H W"]) -> UInt8[Tensor, "B H W C"]:
    """Convert generator output to uint8 pixels, rounding to nearest and clipping.

    Args:
        image: ``(B, C, H, W)``; values outside [-1, 1] are clipped.

    Returns:
        ``(B, H, W, C)``, 0..255.
    """
    scaled = (image.detach().float() + 1) * 127.5
    return scaled.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous()
