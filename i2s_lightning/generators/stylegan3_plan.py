"""Sampling rates, sizes, paddings and filter lengths of a StyleGAN3, from a few numbers."""

import math
from collections.abc import Sequence
from typing import Any


def plan_stylegan3(
    *,
    img_resolution: int,
    channels: Sequence[int],
    conv_kernel: int,
    radial: bool,
    num_critical: int = 2,
    first_cutoff: float = 2.0,
    first_stopband: float = 2**2.1,
    last_stopband_rel: float = 2**0.3,
    margin_size: int = 10,
    filter_size: int = 6,
    lrelu_upsampling: int = 2,
) -> dict[str, Any]:
    """Compute what a StyleGAN3's attributes would say, for files that hold only its tensors.

    Karras et al. 2021, section 3.2: cutoff and stopband frequencies grow geometrically over the layers.

    Args:
        img_resolution: Side of the image.
        channels: Output channels of the input and of each layer, ToRGB last; the number of layers follows.
        conv_kernel: 3 for configuration T, 1 for R.
        radial: Whether downsampling filters are radial (configuration R).
        num_critical: Layers that are critically sampled at the end.
        first_cutoff: Cutoff frequency of the first layer.
        first_stopband: Stopband of the first layer.
        last_stopband_rel: Stopband of the last layer, relative to its cutoff.
        margin_size: Pixels around the features.
        filter_size: Taps per resampling factor.
        lrelu_upsampling: Factor of the sampling rate within the nonlinearity.

    Returns:
        The arguments ``input`` and ``layers`` of ``StyleGAN3``.

    Example:
        >>> plan = plan_stylegan3(img_resolution=32, channels=[8] * 5 + [3], conv_kernel=3, radial=False)
        >>> [layer["name"] for layer in plan["layers"]]
        ['L0_36_8', 'L1_52_8', 'L2_52_8', 'L3_32_8', 'L4_32_3']
    """
    last = len(channels) - 2  # index of ToRGB: as many layers precede it
    growth = [min(i / (last - num_critical), 1) for i in range(last + 1)]
    cutoffs = [first_cutoff * (img_resolution / 2 / first_cutoff) ** e for e in growth]
    last_stopband = img_resolution / 2 * last_stopband_rel
    stopbands = [first_stopband * (last_stopband / first_stopband) ** e for e in growth]
    rates = [2 ** math.ceil(math.log2(min(2 * stopband, img_resolution))) for stopband in stopbands]
    sizes = [rate + 2 * margin_size for rate in rates[:-2]] + [img_resolution] * 2
    layers = []
    for i in range(last + 1):
        before, torgb = max(i - 1, 0), i == last
        within = max(rates[before], rates[i]) * (1 if torgb else lrelu_upsampling)
        up, down, kernel = within // rates[before], within // rates[i], 1 if torgb else conv_kernel
        up_taps, down_taps = (filter_size * f if f > 1 and not torgb else 1 for f in (up, down))
        total = (sizes[i] - 1) * down + 1 - (sizes[before] + kernel - 1) * up + up_taps + down_taps - 2
        low = (total + up) // 2
        square = radial and i < last - num_critical
        layers.append(
            {
                "name": f"L{i}_{sizes[i]}_{channels[i + 1]}",
                "in_channels": channels[i],
                "out_channels": channels[i + 1],
                "kernel": kernel,
                "up": up,
                "down": down,
                "padding": [low, total - low] * 2,
                "up_filter": None if up_taps == 1 else [up_taps],
                "down_filter": None if down_taps == 1 else [down_taps] * (2 if square else 1),
                "torgb": torgb,
                "out_size": [sizes[i]] * 2,
            }
        )
    start = {"channels": channels[0], "size": [sizes[0]] * 2, "sampling_rate": float(rates[0]), "bandwidth": cutoffs[0]}
    return {"input": start, "layers": layers}
