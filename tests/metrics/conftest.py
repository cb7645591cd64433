"""A tiny VGG file, so that no test needs a real one."""

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from i2s_lightning.features import VGG16


@pytest.fixture
def tiny_vgg(tmp_path):
    torch.manual_seed(0)
    vgg = VGG16(channels=[3, 3, 4, 4, 5, 5, 5, 6, 6])
    for layer in vgg.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)  # keeps the signal alive down to the deepest layer
    metadata = {
        "format": "i2s_lightning.vgg16",
        "version": "1",
        "mean": json.dumps([0.5] * 3),
        "std": json.dumps([0.2] * 3),
    }
    save_file(vgg.state_dict(), tmp_path / "tiny.safetensors", metadata)
    return tmp_path / "tiny.safetensors"
