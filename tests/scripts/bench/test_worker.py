import torch
from bench import worker


def test_a_step_is_that_of_the_optimiser_that_runs_last(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(worker, "_now", lambda: (float(next(now)), 0.0))

    def run():
        for count, busy in ((5, 0), (3, 1)):  # learning rates tried beforehand, and the run
            weight = torch.zeros(1, requires_grad=True)
            optimizer = torch.optim.Adam([weight])
            for _ in range(count):
                weight.grad = torch.ones(1)
                optimizer.step()
                [next(now) for _ in range(busy)]

    assert worker.Clock().time(run) == {"wall": 2.0, "cpu": 0.0}
