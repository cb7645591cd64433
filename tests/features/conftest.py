"""Tiny networks under VGG-16's names, so that no test needs a real file."""

import pytest
import torch

from i2s_lightning.features import VGG16


@pytest.fixture
def tiny_state():
    torch.manual_seed(0)
    return VGG16(channels=[4, 4, 6, 6, 8, 8, 8, 10, 10]).state_dict()


@pytest.fixture(autouse=True)
def empty_hub(tmp_path, monkeypatch):
    """Point torch hub at an empty folder: what this machine has cached must not decide what a test sees."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"
