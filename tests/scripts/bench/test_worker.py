import io
import json

import pytest
import torch
from bench import worker
from bench.harness import Variant


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


def test_answers_what_it_is_asked(monkeypatch, tmp_path, capsys):
    def prepare():
        def step():
            x = torch.ones(2**18, requires_grad=True)
            return {"gradient": torch.autograd.grad(x.exp().sum(), x)[0]}

        return step

    monkeypatch.setenv("HEAP", "system")  # not for all other tests
    monkeypatch.setattr(worker, "peak", lambda: 7.0)
    monkeypatch.setattr("sys.stdin", io.StringIO("step\npeak\nsaved\nprofile\n"))
    worker.work(Variant("", prepare), tmp_path / "values")
    ready, step, peak, saved, profile = map(json.loads, capsys.readouterr().out.splitlines())
    assert (ready, step.keys(), peak.keys()) == ({}, {"wall", "cpu"}, {"peak_mib"})
    assert saved == {"saved_mib": pytest.approx(1.0)}
    assert profile.keys() == {"parts", "whole", "peak_gflops"}
    assert profile["peak_gflops"] == 7.0
