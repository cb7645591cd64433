"""The discriminator, and the terms that training minimises."""

import math

import pytest
import torch
from training.discriminator import Convolution, Discriminator
from training.objectives import (
    adversarial_losses,
    expression_difference,
    feature_difference,
    gradient_penalty,
    path_length,
    pixel_difference,
)


def test_down_convolution_of_a_constant():
    layer = Convolution(2, 3, 3, active=False, down=True).requires_grad_(False)
    layer.weight.fill_(1.0)
    out = layer(torch.ones(1, 2, 16, 16))
    assert out.shape == (1, 3, 8, 8)
    assert out[0, 0, 4, 4].item() == pytest.approx(18 / math.sqrt(18))  # all taps, equalised by the fan-in


def test_discriminator_scores_groups_and_not_more():
    torch.manual_seed(0)
    discriminator = Discriminator((8, 8, 4))
    image = torch.rand(8, 3, 16, 16)
    logits, _ = discriminator(image)
    changed = image.clone()
    changed[0] = 0
    other, _ = discriminator(changed)
    same = (other - logits).abs() < 1e-6
    assert same.tolist() == [i % 2 == 1 for i in range(8)]  # groups of four are 0 2 4 6 and 1 3 5 7


def test_adversarial_losses_at_indifference():
    g, d = adversarial_losses(torch.zeros(3), torch.zeros(5))
    assert (g.item(), d.item()) == pytest.approx((math.log(2), 2 * math.log(2)))


def test_gradient_penalty_of_a_linear_critic():
    image = torch.rand(2, 3, 4, 4, requires_grad=True)
    assert gradient_penalty((image * 0.5).sum(dim=(1, 2, 3)), image).item() == pytest.approx(0.25 * 48)


def test_feature_difference_averages_over_layers():
    features, reference = (
        [torch.tensor([1.0, 2.0]), torch.tensor([5.0])],
        [torch.tensor([3.0, 2.0]), torch.tensor([2.0])],
    )
    assert feature_difference(features, reference).item() == 2.0


def test_what_is_wrong_with_both_twins_is_no_error_of_the_expression():
    reference = torch.rand(5, 3, 10, 10)
    person = torch.rand(2, 3, 10, 10)
    image = reference + torch.cat([torch.rand(1, 3, 10, 10), person, person])
    assert expression_difference(image, reference, 2).item() == pytest.approx(0, abs=1e-6)
    image[-1, :, 4:, 2:8] += 0.5  # of the two, one is off by a half all over the face
    assert expression_difference(image, reference, 2).item() == pytest.approx(0.125, abs=1e-6)  # squared, of both


def test_a_pixel_of_the_face_counts_as_often_as_told():
    reference = torch.zeros(2, 3, 10, 10)
    image = reference.clone()
    image[:, :, 0, 0] = 0.5
    assert pixel_difference(image, reference, 7.0).item() == pytest.approx(0.25 / 100)
    image[:, :, 5, 5] = 0.5
    assert pixel_difference(image, reference, 7.0).item() == pytest.approx(0.25 * 8 / 100)


def test_path_length_has_a_gradient(generator):
    ws = generator.mapping(torch.randn(2, 16))
    path_length(generator.synthesis, ws).sum().backward()
    assert generator.synthesis.b16.conv1.weight.grad.abs().sum() > 0
