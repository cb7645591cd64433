"""RowLBFGS against SciPy's L-BFGS and closed forms."""

import numpy as np
import pytest
import scipy.optimize
import torch

from i2s_lightning.errors import ConfigError
from i2s_lightning.optim import RowLBFGS
from i2s_lightning.optim.two_loop import append, descent

TARGET = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.2, 0.8, 1.0, 1.1], [0.5, 0.6, 0.7, 0.8]], dtype=torch.float64)


def rosenbrock(rows, target):
    """The banana valley, moved so that each row has another minimum."""
    x = rows - target + 1
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(1)


def minimise(starts, steps, function=rosenbrock, target=TARGET, **options):
    """Give each row's losses at the points that were tried, and the last points."""
    rows = [torch.nn.Parameter(start.clone()) for start in starts]
    optimizer = RowLBFGS([{"params": [row]} for row in rows], **options)
    losses = []
    for _ in range(steps):
        loss = function(torch.stack(list(rows)), target)
        for row, group, gradient, value in zip(
            rows, optimizer.param_groups, torch.autograd.grad(loss.sum(), rows), loss.detach(), strict=True
        ):
            row.grad, group["loss"] = gradient, value
        losses.append(loss.detach())
        optimizer.step()
    return torch.stack(losses), torch.stack([row.detach() for row in rows])


def test_reaches_the_minimum_in_about_as_many_evaluations_as_scipy():
    starts = torch.zeros(3, 4, dtype=torch.float64)
    losses, ends = minimise(starts, 90)
    torch.testing.assert_close(ends, TARGET, rtol=1e-5, atol=1e-5)
    for row, target in enumerate(TARGET):

        def value(x, target=target):
            point = torch.tensor(x).requires_grad_()
            loss = rosenbrock(point.unsqueeze(0), target.unsqueeze(0)).sum()
            return loss.item(), torch.autograd.grad(loss, point)[0].numpy()

        found = scipy.optimize.minimize(value, np.zeros(4), jac=True, method="L-BFGS-B", options={"maxcor": 20})
        ours = int((losses[:, row] < 1e-6).nonzero()[0])
        assert ours <= 1.6 * found.nfev


def test_rows_do_not_hear_of_each_other():
    starts = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    together, ends = minimise(starts, 40)
    for row in range(3):
        alone, end = minimise(starts[row : row + 1], 40, target=TARGET[row : row + 1])
        torch.testing.assert_close(together[:, row], alone[:, 0], rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(ends[row], end[0], rtol=1e-9, atol=1e-12)


def test_direction_is_the_inverse_hessian_times_the_gradient():
    """BFGS in dense matrices, pair by pair."""
    random = torch.Generator().manual_seed(0)
    hessian = torch.diag(torch.tensor([1.0, 4.0, 9.0, 2.0], dtype=torch.float64))
    moves = torch.randn(1, 3, 4, generator=random, dtype=torch.float64)
    changes, gradient = moves @ hessian, torch.randn(1, 4, generator=random, dtype=torch.float64)
    s, y, eye = moves[0], changes[0], torch.eye(4, dtype=torch.float64)
    inverse = (s[-1] @ y[-1]) / (y[-1] @ y[-1]) * eye
    for a, b in zip(s, y, strict=True):
        part = eye - torch.outer(a, b) / (a @ b)
        inverse = part @ inverse @ part.T + torch.outer(a, a) / (a @ b)
    empty = torch.zeros(1, 2, 4, dtype=torch.float64)
    found = descent(gradient, torch.cat([empty, moves], 1), torch.cat([empty, changes], 1))
    torch.testing.assert_close(found[0], -inverse @ gradient[0])
    torch.testing.assert_close(descent(gradient, empty, empty), -gradient / gradient.norm())


def test_pairs_without_curvature_and_refused_ones_are_not_remembered():
    history = {"moves": torch.zeros(3, 2, 2), "changes": torch.zeros(3, 2, 2)}
    move, change = torch.ones(3, 2), torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, 1.0]])
    kept = append(history, move=move, change=change, where=torch.tensor([[True], [True], [False]]))
    assert kept["moves"].sum((1, 2)).tolist() == [2.0, 0.0, 0.0]
    assert kept["moves"][0].tolist() == [[0.0, 0.0], [1.0, 1.0]]


def test_a_step_too_far_is_taken_back_by_the_parabola():
    """|x|^2 / 2 from 1 with a first step of 4 goes to -3, then to the parabola's minimum, which is the function's."""
    losses, ends = minimise(
        torch.ones(1, 1, dtype=torch.float64), 3, lambda x, _: x.square().sum(1) / 2, torch.zeros(1, 1), length=4.0
    )
    assert losses[:, 0].tolist() == pytest.approx([0.5, 4.5, 0.0])
    assert ends.abs().max() < 1e-12


def test_a_point_that_is_not_a_number_is_taken_back():
    def logarithm(rows, _):
        return (rows - torch.log(rows)).sum(1)  # minimum at 1, nothing left of 0

    losses, ends = minimise(torch.full((1, 1), 3.0, dtype=torch.float64), 30, logarithm, None, length=5.0)
    assert losses[1].isnan().all()
    torch.testing.assert_close(ends, torch.ones(1, 1, dtype=torch.float64), rtol=1e-4, atol=1e-4)


def test_a_search_that_finds_nothing_begins_again():
    """Gradients that point the wrong way: no step ever decreases the loss, the point stays, the state stays finite."""
    row = torch.nn.Parameter(torch.ones(2))
    optimizer = RowLBFGS([{"params": [row]}])
    for _ in range(40):
        row.grad, optimizer.param_groups[0]["loss"] = -row.detach().clone(), row.detach().square().sum()
        optimizer.step()
    state = optimizer.state[row]
    assert state["point"].tolist() == [1.0, 1.0]
    assert all(value.isfinite().all() for value in state.values())
    assert row.isfinite().all()


def test_mistakes_are_named():
    pair = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    for parameter in pair:
        parameter.grad = torch.zeros(1)
    with pytest.raises(ConfigError, match="one parameter a group"):
        RowLBFGS(pair).step()
    with pytest.raises(ConfigError, match="loss in the group's 'loss'"):
        RowLBFGS(pair[:1]).step()
    with pytest.raises(ConfigError, match="history must be at least 1; got 0"):
        RowLBFGS(pair, history=0)
