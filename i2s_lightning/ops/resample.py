"""FIR resampling: depthwise filters at the resolution where they are cheapest, no custom kernels.

A filter is a 1-D tensor of taps, applied along both axes, or a 2-D kernel. Filtering is true convolution (the kernel
is flipped) and the border is zero, as in the official networks.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

Padding = tuple[int, int, int, int]  # left, right, top, bottom, as in F.pad


def binomial_filter(taps: int) -> Float[Tensor, " taps"]:
    """Return the binomial low-pass of ``taps`` taps, which sums to 1.

    Example:
        >>> binomial_filter(4) * 8
        tensor([1., 3., 3., 1.])
    """
    kernel = torch.ones(1)
    for _ in range(taps - 1):
        kernel = F.pad(kernel, (1, 0)) + F.pad(kernel, (0, 1))
    return kernel / kernel.sum()


def fir(
    x: Float[Tensor, "B C H W"],
    kernel: Float[Tensor, " n"] | Float[Tensor, "n m"],
    *,
    padding: Padding = (0, 0, 0, 0),
    down: int = 1,
    gain: float = 1.0,
) -> Float[Tensor, "B C H2 W2"]:
    """Pad (or crop, where negative), filter, and keep every ``down``-th pixel.

    Args:
        x: Feature maps.
        kernel: Taps for both axes, or a 2-D kernel.
        padding: Zeros on the left, right, top and bottom.
        down: Stride.
        gain: Factor on the result.

    Returns:
        Maps of size ``(H + padding - n) // down + 1``.

    Example:
        >>> fir(torch.ones(1, 1, 3, 3), torch.tensor([0.5, 0.5]))
        tensor([[[[1., 1.],
                  [1., 1.]]]])
    """
    left, right, top, bottom = padding
    if left < 0 or right < 0 or top < 0 or bottom < 0 or left != right or top != bottom:
        x, left, top = F.pad(x, padding), 0, 0
    channels = x.shape[1]
    if kernel.ndim == 2:
        weight = (kernel * gain).flip(0, 1).expand(channels, 1, -1, -1)
        return F.conv2d(x, weight, stride=down, padding=(top, left), groups=channels)
    taps = (kernel * gain**0.5).flip(0)
    x = F.conv2d(x, taps[None].expand(channels, 1, 1, -1), stride=(1, down), padding=(0, left), groups=channels)
    return F.conv2d(x, taps[:, None].expand(channels, 1, -1, 1), stride=(down, 1), padding=(top, 0), groups=channels)


def fir_upsample(
    x: Float[Tensor, "B C H W"],
    kernel: Float[Tensor, " n"] | Float[Tensor, "n m"],
    *,
    up: int,
    padding: Padding,
) -> Float[Tensor, "B C H2 W2"]:
    """Insert ``up - 1`` zeros after each pixel, pad (or crop), and filter with gain ``up**2``.

    Computed as a transposed depthwise convolution, whose result is then cropped (or padded) at each end: the zeros
    are never made.

    Args:
        x: Feature maps.
        kernel: Taps for both axes, or a 2-D kernel.
        up: Factor.
        padding: Zeros on the left, right, top and bottom, counted on the zero-inserted maps.

    Returns:
        Maps of size ``H * up + padding - n + 1``.

    Example:
        >>> fir_upsample(torch.ones(1, 1, 1, 2), torch.tensor([0.5, 0.5]), up=2, padding=(1, 0, 1, 0))
        tensor([[[[1., 1., 1., 1.],
                  [1., 1., 1., 1.]]]])
    """
    left, right, top, bottom = padding
    height, width = kernel.shape[0], kernel.shape[-1]
    # The transposed convolution yields what padding of n - 1 (before) and n - up (after) would.
    crop = (width - 1 - left, width - up - right, height - 1 - top, height - up - bottom)
    if kernel.ndim == 2:
        return _transposed(x, kernel * up**2, (up, up), crop)
    taps = kernel * up
    x = _transposed(x, taps[None], (1, up), (crop[0], crop[1], 0, 0))
    return _transposed(x, taps[:, None], (up, 1), (0, 0, crop[2], crop[3]))


def _transposed(x: Tensor, kernel: Tensor, stride: tuple[int, int], crop: Padding) -> Tensor:
    left, right, top, bottom = crop
    both = (max(min(top, bottom), 0), max(min(left, right), 0))  # cropped for free by the convolution itself
    channels = x.shape[1]
    weight = kernel.expand(channels, 1, -1, -1)
    x = F.conv_transpose2d(x, weight, stride=stride, padding=both, groups=channels)
    rest = (both[1] - left, both[1] - right, both[0] - top, both[0] - bottom)
    return F.pad(x, rest) if any(rest) else x


def upsample2d(
    x: Float[Tensor, "B C H W"], kernel: Float[Tensor, " n"] | Float[Tensor, "n m"]
) -> Float[Tensor, "B C 2*H 2*W"]:
    """Double the resolution of maps or images (StyleGAN2's skip connections).

    Example:
        >>> upsample2d(torch.ones(1, 1, 2, 2), binomial_filter(4))[0, 0, 1]
        tensor([0.7500, 1.0000, 1.0000, 0.7500])
    """
    before_y, after_y = (kernel.shape[0] + 1) // 2, (kernel.shape[0] - 2) // 2
    before_x, after_x = (kernel.shape[-1] + 1) // 2, (kernel.shape[-1] - 2) // 2
    return fir_upsample(x, kernel, up=2, padding=(before_x, after_x, before_y, after_y))
