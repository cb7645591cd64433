"""StyleGAN3's building blocks: band-limited Fourier features and a nonlinearity at a raised sampling rate."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from i2s_lightning.ops.resample import Padding, fir, fir_upsample


def filtered_lrelu(
    x: Float[Tensor, "B C H W"],
    up_filter: Tensor | None,
    down_filter: Tensor | None,
    *,
    up: int,
    down: int,
    padding: Padding,
    activated: bool = True,
    clamp: float | None = None,
) -> Float[Tensor, "B C H2 W2"]:
    """Upsample, apply a leaky ReLU, clamp, downsample (Karras et al. 2021, section 3.1).

    Args:
        x: Feature maps.
        up_filter: Low-pass for upsampling, 1-D or 2-D; None: none.
        down_filter: Low-pass for downsampling, 1-D or 2-D; None: none.
        up: Upsampling factor.
        down: Downsampling factor.
        padding: Zeros (negative: crop) on the left, right, top and bottom of the zero-inserted maps.
        activated: False leaves the leaky ReLU and its gain of sqrt(2) out.
        clamp: Limit of the absolute value, or None.

    Returns:
        Feature maps.

    Example:
        >>> x = torch.tensor([[[[-1.0, 1.0]]]])
        >>> filtered_lrelu(x, None, None, up=1, down=1, padding=(0, 1, 0, 0), clamp=0.5)
        tensor([[[[-0.2828,  0.5000,  0.0000]]]])
    """
    if up_filter is not None or up > 1 or any(padding):
        x = fir_upsample(x, x.new_ones(1, 1) if up_filter is None else up_filter, up=up, padding=padding)
    if activated:
        x = F.leaky_relu(x, 0.2) * 2**0.5
    if clamp is not None:
        x = x.clamp(-clamp, clamp)
    if down_filter is not None:
        return fir(x, down_filter, down=down)
    return x[:, :, ::down, ::down]


def input_transform(parameters: Float[Tensor, "B 4"], outer: Float[Tensor, "3 3"]) -> Float[Tensor, "B 3 3"]:
    """Compose the learned rotation and translation of each image with a common transform.

    Karras et al. 2021, appendix F.

    Args:
        parameters: Cosine and sine of the rotation up to a common factor, and the translation in x and y.
        outer: Applied to the coordinates first.

    Returns:
        Transforms of homogeneous coordinates.

    Example:
        >>> input_transform(torch.tensor([[2.0, 0.0, 0.5, 0.0]]), torch.eye(3))[0, 0]
        tensor([ 1.0000,  0.0000, -0.2500])
    """
    cosine, sine, x, y = (parameters / parameters[:, :2].norm(dim=1, keepdim=True)).unbind(1)
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    rotation = torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], dim=1).view(-1, 3, 3)
    translation = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], dim=1).view(-1, 3, 3)
    return torch.bmm(torch.bmm(rotation, translation), outer.expand_as(rotation))


def fourier_features(
    frequencies: Float[Tensor, "C 2"],
    phases: Float[Tensor, " C"],
    transforms: Float[Tensor, "B 3 3"],
    *,
    size: tuple[int, int],
    sampling_rate: float,
    bandwidth: float,
) -> Float[Tensor, "B C H W"]:
    """Sample sine waves on a grid; waves that a transform lifts above the bandwidth fade out.

    Karras et al. 2021, section 3.2 and appendix F.

    Args:
        frequencies: Waves per unit in x and y.
        phases: In turns.
        transforms: From ``input_transform``.
        size: Width and height of the grid.
        sampling_rate: Pixels per unit.
        bandwidth: Highest frequency with full amplitude; the amplitude is 0 from half the sampling rate on.

    Returns:
        Features in [-1, 1].

    Example:
        >>> still, quarter = torch.zeros(1, 2), torch.full((1,), 0.25)
        >>> fourier_features(still, quarter, torch.eye(3)[None], size=(2, 1), sampling_rate=4.0, bandwidth=1.0)
        tensor([[[[1., 1.]]]])
    """
    shared = frequencies.expand(transforms.shape[0], -1, -1)
    phases = phases + torch.bmm(shared, transforms[:, :2, 2:]).squeeze(2)
    turned = torch.bmm(shared, transforms[:, :2, :2])
    fade = 1 - (turned.norm(dim=2) - bandwidth) / (sampling_rate / 2 - bandwidth)
    x, y = ((torch.arange(n, dtype=phases.dtype, device=phases.device) + (0.5 - n / 2)) / sampling_rate for n in size)
    along_x = (turned[:, :, :1] * x + phases.unsqueeze(2)).unsqueeze(2)
    along_y = (turned[:, :, 1:] * y).unsqueeze(3)
    amplitude: Tensor = fade.clamp(0, 1)[:, :, None, None]
    return amplitude * torch.sin((along_x + along_y) * (2 * math.pi))
