"""The conversion script against the original convention, computed directly in float64."""

import importlib.util
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn import functional as F

from i2s_lightning.features import load_vgg

SCRIPT = Path(__file__).parents[2] / "scripts" / "convert_vgg.py"
CHANNELS = {
    "conv1_1": 5,
    "conv1_2": 4,
    "conv2_1": 6,
    "conv2_2": 4,
    "conv3_1": 4,
    "conv3_2": 7,
    "conv3_3": 4,
    "conv4_1": 4,
    "conv4_2": 3,
}


def _load_script():
    spec = importlib.util.spec_from_file_location("convert_vgg", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _original():
    """Random convolutions as the wheel stores them (H, W, I, O), with biases that matter at its scale."""
    generator, width, convolutions = np.random.default_rng(0), 3, {}
    for name, channels in CHANNELS.items():
        kernel = generator.normal(size=(3, 3, width, channels)) * np.sqrt(2 / (9 * width))
        convolutions[name] = (kernel.astype(np.float16).astype(np.float32), generator.normal(size=channels) * 20)
        width = channels
    return convolutions


def _forward(convolutions, rgb):
    """What the wheel's network does: BGR in 0..255 minus a mean, then zero-padded convolutions."""
    activation = rgb.flip(1) - torch.tensor([104.00699, 116.66877, 122.67892]).double().view(1, 3, 1, 1)
    activations = {}
    for name, (kernel, bias) in convolutions.items():
        if name in ("conv2_1", "conv3_1", "conv4_1"):
            activation = F.max_pool2d(activation, 2)
        weight = torch.from_numpy(kernel).double().permute(3, 2, 0, 1)
        activation = F.conv2d(activation, weight, torch.from_numpy(bias).double(), padding=1).relu()
        activations[name] = activation
    return activations


def test_converted_file_computes_what_the_original_does(tmp_path):
    script, convolutions = _load_script(), _original()
    save_file(script.convert(convolutions), tmp_path / "x.safetensors", metadata=script.METADATA)
    rgb = torch.rand(2, 3, 24, 16, generator=torch.Generator().manual_seed(1)).double() * 255
    features = load_vgg(tmp_path / "x.safetensors").double()(rgb / 127.5 - 1, list(CHANNELS))
    for name, expected in _forward(convolutions, rgb).items():
        # Biases and constants are float32. A mean folded into conv1_1's bias would be off by far more at the border.
        torch.testing.assert_close(features[name] * 57.63, expected, rtol=1e-6, atol=1e-4, msg=name)
