"""The network that speed is compared with computes the same; and what each keeps for its gradient, counted."""

import torch
from bench.reference import Reference
from bench.saved import saved_bytes

from i2s_lightning.features import VGG16
from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators import StyleGAN2
from i2s_lightning.losses import PerceptualLoss, PixelLoss
from i2s_lightning.tasks.objective import Objective

PAPER = ["conv1_1", "conv1_2", "conv3_2", "conv4_2"]


def test_same_loss_and_gradient_as_ours(vgg_file):
    torch.manual_seed(0)
    generator = freeze(StyleGAN2(z_dim=8, w_dim=8, channels=(8, 8, 6, 4), mapping_layers=1).double())
    loss = PerceptualLoss(vgg=vgg_file).double()
    reference = Reference(generator, loss.features.vgg, PAPER)
    objective = Objective({"pixel": PixelLoss(), "perceptual": loss}, generator)
    ws = torch.randn(2, generator.num_ws, 8, dtype=torch.float64, requires_grad=True)
    target = torch.rand(2, 3, 32, 32, dtype=torch.float64) * 2 - 1
    ours = objective(generator.synthesis(ws), ws, objective.prepare(target))[0].sum()
    with torch.no_grad():
        features = reference.features(target)
    theirs = reference.loss(reference.image(ws), target, features)
    assert torch.allclose(ours, theirs, rtol=1e-11)
    assert torch.allclose(*(torch.autograd.grad(value, ws)[0] for value in (ours, theirs)), rtol=1e-9, atol=1e-12)


def test_a_step_keeps_layer_outputs_and_little_else():
    torch.manual_seed(0)
    channels = (64, 64, 64, 64, 64)
    generator = freeze(StyleGAN2(w_dim=16, z_dim=16, channels=channels, mapping_layers=1))
    reference = Reference(generator, VGG16(), PAPER)

    def an_image(function):
        ws = torch.randn(3, generator.num_ws, 16, requires_grad=True)
        return (saved_bytes(lambda: function(ws)) - saved_bytes(lambda: function(ws[:1]))) / 2

    ours, theirs = an_image(generator.synthesis), an_image(reference.image)
    outputs = 4 * 64 * (4**2 + 2 * (8**2 + 16**2 + 32**2 + 64**2))
    assert outputs <= ours <= 1.01 * outputs
    assert ours <= theirs / 3
