"""Make images smaller, never larger."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

Downsample = Literal["area", "bilinear"]


def shrink(image: Float[Tensor, "B C H W"], size: int, mode: Downsample = "area") -> Float[Tensor, "B C h w"]:
    """Bring the longer side down to ``size`` pixels, keeping the aspect to the nearest pixel.

    Args:
        image: ``(B, C, H, W)``, any range.
        size: Pixels; an image that is not larger comes back as it is.
        mode: ``area`` averages the pixels that fall together (StyleGAN2's projector). ``bilinear`` interpolates between
            the four nearest to the new pixel's centre and ignores the others (what re-implementations of Image2StyleGAN
            do); it aliases.

    Returns:
        ``(B, C, h, w)`` with ``max(h, w) <= size``.

    Example:
        >>> import torch
        >>> tuple(shrink(torch.zeros(1, 3, 512, 384), 256).shape)
        (1, 3, 256, 192)
    """
    height, width = image.shape[2:]
    longer = max(height, width)
    if longer <= size:
        return image
    new = (max(1, round(height * size / longer)), max(1, round(width * size / longer)))
    if mode == "bilinear":
        return F.interpolate(image, new, mode="bilinear", align_corners=False)
    if height % new[0] == 0 and width % new[1] == 0:
        # The same numbers as below; here the gradient is deterministic on CUDA.
        return F.avg_pool2d(image, (height // new[0], width // new[1]))
    return F.interpolate(image, new, mode="area")
