import copy

import torch

from i2s_lightning.ops.prepared import Prepared


def test_is_made_again_when_anything_changes():
    made = []
    prepared = Prepared(lambda t: made.append(t) or t * 2)
    weight = torch.ones(2)
    assert prepared(torch.float32, weight) is prepared(torch.float32, weight)
    assert len(made) == 1
    weight.add_(1)
    assert prepared(torch.float32, weight).tolist() == [4, 4]
    assert prepared(torch.float64, weight).dtype == torch.float64
    assert prepared(torch.float64, torch.zeros(2)).tolist() == [0, 0]
    assert len(made) == 4


def test_a_freed_tensor_is_not_taken_for_its_successor():
    prepared = Prepared(lambda t: t * 2)
    for value in range(20):  # the allocator gives the same address again
        assert prepared(torch.float32, torch.full((1000,), float(value)))[0] == 2 * value


def test_parameter_data_that_is_exchanged():
    prepared, parameter = Prepared(lambda t: t * 2), torch.nn.Parameter(torch.ones(1))
    assert prepared(torch.float32, parameter).item() == 2
    parameter.data = torch.full((1,), 5.0)
    assert prepared(torch.float32, parameter).item() == 10


def test_what_inference_mode_made_serves_gradients():
    prepared, weight = Prepared(lambda t: t + 0), torch.ones(2)
    with torch.inference_mode():
        prepared(torch.float32, weight)
        prepared(torch.float32, torch.ones(2))  # an inference tensor
    x = torch.ones(2, requires_grad=True)
    (x * prepared(torch.float32, weight)).sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_a_copy_does_not_share():
    prepared = Prepared(lambda t: t * 2)
    prepared(torch.float32, torch.ones(1))
    assert copy.deepcopy(prepared)._value is None
