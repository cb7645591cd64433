import pytest
import torch
from bench.saved import saved_bytes


@pytest.mark.parametrize("gradient", [True, False])
def test_counts_what_a_hand_can_count(gradient):
    weight, keeper = torch.ones(1000), []

    def step():
        x = torch.ones(1000, requires_grad=True)
        y = x.exp()  # keeps y
        z = y * weight + y.view(10, 100).square().flatten()  # y again, seen otherwise, and the weight
        loss = z.sum() + x[:7].clone().sin().sum()  # sin keeps 7 values
        if gradient:
            loss.backward()
        keeper.append(x.grad)

    assert saved_bytes(step) == 4 * (1000 + 7)


def test_constants_made_in_the_first_step_are_constants():
    prepared = []

    def step():
        if not prepared:
            prepared.append(torch.ones(1000) * 2)
        (torch.ones(10, requires_grad=True).expand(100, 10).reshape(1000) * prepared[0]).sum().backward()

    assert saved_bytes(step) == 0
