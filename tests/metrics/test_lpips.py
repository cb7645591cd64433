import pytest
import torch
from torch import nn
from torchmetrics.functional.image import lpips as theirs

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.metrics import lpips
from i2s_lightning.metrics.lpips import TRUNKS, Lpips


@pytest.fixture
def trunk(tmp_path):
    """Random weights under torchvision's names."""

    def trunk(net):
        torch.manual_seed(0)
        network = {"alex": lpips._alexnet, "vgg": lpips._vgg16}[net]()
        for layer in network:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.normal_(layer.bias, std=0.1)
        path = tmp_path / TRUNKS[net]
        torch.save({f"features.{name}": value for name, value in network.state_dict().items()}, path)
        return path, network

    return trunk


@pytest.mark.parametrize("net", ["alex", "vgg"])
def test_equals_torchmetrics(net, trunk, monkeypatch):
    """Its own trunk comes from torchvision, which is not here: it gets ours, and does the rest by itself."""
    path, network = trunk(net)
    monkeypatch.setattr(theirs, "_get_tv_model_features", lambda *_: network)
    reference = theirs._LPIPS(net=net, use_dropout=True)
    a, b = torch.rand(2, 3, 3, 72, 64) * 2 - 1
    found = Lpips(net, path)(a, b)
    assert found.shape == (3,)
    torch.testing.assert_close(found, reference(a, b).flatten(), rtol=1e-4, atol=1e-6)
    assert not Lpips(net, path)(a, a).any()
    torch.testing.assert_close(Lpips(net, path)(a[1:2], b[1:2]), found[1:2], rtol=1e-4, atol=1e-6)


def test_says_which_file_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UnsupportedWeightsError, match=r"LPIPS \(alex\) needs torchvision's alexnet-owt-7be5be79.pth"):
        Lpips("alex")
    assert lpips.lpips_nets()["vgg"] == tmp_path / "checkpoints" / "vgg16-397923af.pth"


def test_refuses_other_weights(tmp_path, trunk):
    path, _ = trunk("alex")
    with pytest.raises(UnsupportedWeightsError, match="does not hold torchvision's vgg network"):
        Lpips("vgg", path)
