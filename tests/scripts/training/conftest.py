import pytest
import torch

from i2s_lightning.generators.stylegan2 import StyleGAN2


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return StyleGAN2(z_dim=16, w_dim=16, channels=(8, 8, 4), mapping_layers=3).eval()
