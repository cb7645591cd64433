import pytest
import torch

from i2s_lightning.errors import CheckpointError


@pytest.fixture
def failing(monkeypatch):
    """Let pictures c and e fail until told otherwise."""
    from i2s_lightning.tasks.exchange import Exchange

    target, sick = Exchange._target, {"c", "e"}

    def poisoned(self, picture):
        image = target(self, picture)
        return image * torch.nan if self.task.data.pictures[picture].name in sick else image

    monkeypatch.setattr(Exchange, "_target", poisoned)
    return sick


def test_only_failed_pictures_are_embedded_again(embed, tmp_path, failing):
    first = embed.fit(tmp_path / "run")
    assert [n for n, r in first.metrics.items() if r["status"] == "failed"] == ["c", "e"]
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "run" / "latents").iterdir()}
    failing.clear()
    assert embed.fit(tmp_path / "run").metrics["c"]["status"] == "failed"  # not without being asked
    again = embed.fit(tmp_path / "run", rerun="failed", steps=9)
    assert {n: r["steps"] for n, r in again.metrics.items()} == {"a": 6, "b": 6, "c": 9, "d": 6, "e": 9}
    assert {r["status"] for r in again.metrics.values()} == {"done"}
    assert all(p.stat().st_mtime_ns == time for p, time in kept.items())
    for name in "abd":
        assert torch.equal(first[name], again[name])


def test_what_results_share_can_not_change_in_a_rerun(embed, tmp_path):
    embed.fit(tmp_path / "run")
    with pytest.raises(CheckpointError, match="noise: 'const' -> 'none'"):
        embed.fit(tmp_path / "run", rerun="failed", noise="none")
