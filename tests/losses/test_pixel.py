"""The pixel term."""

import torch
from skimage.metrics import mean_squared_error

from i2s_lightning.losses import PixelLoss


def test_value():
    image, target = torch.rand(2, 2, 3, 16, 24) * 2 - 1
    loss = PixelLoss(weight=0.25)
    value = loss(image, loss.prepare(target))
    assert loss.weight == 0.25  # for the task: the loss itself does not apply it
    for row in range(2):
        expected = torch.tensor(mean_squared_error(image[row].numpy(), target[row].numpy()), dtype=torch.float32)
        torch.testing.assert_close(value[row], expected)


def test_reference_does_not_hold_a_graph():
    target = torch.rand(1, 3, 4, 4, requires_grad=True)
    assert not PixelLoss().prepare(target * 2)["image"].requires_grad
