"""The network's promises: shapes, per-picture independence, offsets that join one by one."""

import pytest
import torch

from i2s_lightning.encoders import Encoder


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    made = Encoder(3, (16, 24), num_ws=4, w_dim=6, size=16, widths=(8, 8, 12), features=10)
    torch.nn.init.normal_(made.to_offsets.weight)
    made.w_avg.fill_(2.0)
    return made.double()


def pictures(count):
    return torch.rand(count, 3, 16, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


def test_every_picture_is_encoded_by_itself(encoder):
    together = encoder(pictures(3))
    assert together.shape == (3, 4, 6)
    for row, image in enumerate(pictures(3)):
        torch.testing.assert_close(encoder(image.unsqueeze(0))[0], together[row])


def test_layers_without_an_offset_share_one_w(encoder):
    encoder.enabled.fill_(2)
    ws, w = encoder(pictures(2)), encoder.w(pictures(2))
    assert torch.equal(ws[:, 2], w)
    assert torch.equal(ws[:, 3], w)
    assert not torch.isclose(ws[:, :2], w.unsqueeze(1)).any()


def test_offsets_begin_at_zero():
    fresh = Encoder(1, (8, 8), num_ws=2, w_dim=3, widths=(8, 8), features=4)
    image = torch.zeros(1, 1, 8, 8)
    assert torch.equal(fresh(image), fresh.w(image).unsqueeze(1).expand(-1, 2, -1))
