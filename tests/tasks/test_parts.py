import pytest
import torch

from i2s_lightning.tasks.batch_size import fitting, graph_bytes
from i2s_lightning.tasks.parts import Parts


def quadratic(latent, rows):
    weight = torch.arange(1.0, 6.0)[rows]
    loss = weight * latent.square().sum(1)
    return loss, {"term": loss * 2}


class Small:
    """A device that takes only so many rows."""

    def __init__(self, rows):
        self.rows, self.seen = rows, []

    def __call__(self, latent, rows):
        self.seen.append(len(latent))
        if len(latent) > self.rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return quadratic(latent, rows)


def test_gradient_is_the_closed_form():
    latent = torch.randn(5, 3)
    loss, terms, gradient = Parts(5).gradient(latent, quadratic)
    weight = torch.arange(1.0, 6.0)
    torch.testing.assert_close(loss, weight * latent.square().sum(1))
    torch.testing.assert_close(terms["term"], 2 * loss)
    torch.testing.assert_close(gradient, 2 * weight[:, None] * latent)


@pytest.mark.parametrize(
    ("fits", "seen"), [(5, [5]), (3, [5, 3, 2]), (2, [5, 3, 2, 2, 1]), (1, [5, 3, 2, 1, 1, 1, 1, 1])]
)
def test_out_of_memory_halves_and_loses_nothing(fits, seen, caplog):
    latent, small = torch.randn(5, 3), Small(fits)
    parts = Parts(5)
    found = parts.gradient(latent, small)
    whole = Parts(5).gradient(latent, quadratic)
    assert small.seen == seen
    assert torch.equal(found[0], whole[0])
    assert torch.equal(found[2], whole[2])
    assert (fits == 5) or "out of memory" in caplog.text
    small.seen.clear()
    parts.gradient(latent, small)
    assert max(small.seen) <= fits  # it stays so


def test_not_even_one_row_fits():
    with pytest.raises(torch.OutOfMemoryError):
        Parts(4).gradient(torch.randn(4, 3), Small(0))


def test_other_errors_are_not_taken_for_it():
    def broken(latent, rows):
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        Parts(4).gradient(torch.randn(4, 3), broken)


def test_a_run_that_runs_out_of_memory_goes_on(embed, tmp_path, monkeypatch):
    """In the middle of a run, between two steps: the same latents, to rounding."""
    from i2s_lightning.tasks.embed import Embed

    whole = embed.fit(tmp_path / "whole", batch_size=4, trainer={"precision": "64-true"})
    losses, calls = Embed.losses_of_rows, []

    def small(self, latent, rows):
        calls.append(len(latent))
        if len(calls) > 3 and len(latent) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return losses(self, latent, rows)

    monkeypatch.setattr(Embed, "losses_of_rows", small)
    halved = embed.fit(tmp_path / "halved", batch_size=4, trainer={"precision": "64-true"})
    assert calls[:6] == [4, 4, 4, 4, 2, 2]
    for name in "abcde":
        torch.testing.assert_close(halved[name], whole[name], rtol=1e-9, atol=1e-9)
        assert halved.metrics[name]["steps"] == whole.metrics[name]["steps"]


def test_graph_bytes_counts_each_storage_once():
    x = torch.ones(10, requires_grad=True)
    assert graph_bytes(lambda: (x * x).sum().backward()) == 40


def test_auto_on_the_cpu_follows_the_memory(monkeypatch):
    def trial(count):
        x = torch.ones(count, 256, requires_grad=True)  # 1 KiB a picture
        (x * x).sum().backward()

    monkeypatch.setattr("i2s_lightning.tasks.batch_size.available_memory", lambda: 40 * 1024)
    assert fitting(trial, 100, torch.device("cpu")) == 8
    assert fitting(trial, 5, torch.device("cpu")) == 5
    monkeypatch.setattr("i2s_lightning.tasks.batch_size.available_memory", lambda: 1)
    assert fitting(trial, 100, torch.device("cpu")) == 1


def test_auto_on_a_gpu_tries(monkeypatch):
    tried = []

    def trial(count):
        tried.append(count)
        if count > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    assert fitting(trial, 50, torch.device("cuda")) == 8
    assert tried == [50, 32, 16, 8]


def test_auto_embeds_everything_at_once_where_it_fits(embed, tmp_path):
    result = embed.fit(tmp_path / "auto", batch_size="auto")
    assert result.run["batch_size"] == 5
    assert torch.equal(result.ws, embed.fit(tmp_path / "five", batch_size=5).ws)
