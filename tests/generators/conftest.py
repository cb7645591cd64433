import pytest
import torch

from i2s_lightning.generators import StyleGAN2


@pytest.fixture(params=["skip", "orig", "resnet", "conditional"])
def stylegan2(request):
    """Small networks whose noise, biases and mean style all matter."""
    options = {"c_dim": 3} if request.param == "conditional" else {"architecture": request.param}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = StyleGAN2(z_dim=12, w_dim=16, channels=(16, 12, 8), mapping_layers=2, **options)
        for name, tensor in generator.state().tensors.items():
            if name.endswith(("noise_strength", ".bias", "w_avg")):
                tensor.add_(torch.randn_like(tensor) * 0.3)
    return generator.eval().requires_grad_(False)
