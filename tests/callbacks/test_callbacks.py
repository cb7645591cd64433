"""Callbacks on their own, without a logger's library."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pytorch_lightning.loggers import CSVLogger

from i2s_lightning.callbacks import results, volume
from i2s_lightning.callbacks.alerts import Alerts
from i2s_lightning.callbacks.curves import LossCurves
from i2s_lightning.callbacks.finished import FinishedListener, Totals, WatchStore
from i2s_lightning.callbacks.gallery import LogTable
from i2s_lightning.callbacks.loggers import Media, media_of
from i2s_lightning.callbacks.results import LogResults
from i2s_lightning.callbacks.strips import strip
from i2s_lightning.callbacks.thinning import Doubling, due
from i2s_lightning.callbacks.volume import BoundRows


class Spy(CSVLogger):
    """A logger of a kind that is not known by name."""


class Told(Media):
    def __init__(self, logger):
        super().__init__(logger)
        self.alerts = logger.__dict__.setdefault("told", [])

    def alert(self, title, text):
        self.alerts.append((title, text))


class Listener(FinishedListener):
    def __init__(self):
        self.names, self.counts = [], []

    def on_finished(self, trainer, task, new, totals):
        self.names.append(sorted(record["name"] for record in new))
        self.counts.append(dict(totals.statuses))


@pytest.fixture
def spy(tmp_path, monkeypatch):
    """A logger that notes alerts."""
    monkeypatch.setattr("i2s_lightning.callbacks.loggers._KINDS", [(Spy, Told)])
    return Spy(str(tmp_path / "log"))


def test_events_of_two_million_steps_are_a_few_hundred():
    logged = [step for step in range(100, 2_600_000, 100) if due(step, 100)]
    assert logged[:64] == list(range(100, 6401, 100))
    assert len(logged) < 400
    assert logged[-1] > 2_000_000
    doubling = Doubling()
    assert sum(doubling.due(count) for count in range(1, 70_001)) == 17


def test_totals_count_a_picture_once():
    totals = Totals()
    totals.add({"name": "a", "status": "failed", "psnr": 3.0})
    totals.add({"name": "b", "status": "done", "psnr": 20.0})
    totals.add({"name": "a", "status": "done", "psnr": 10.0})  # embedded again
    assert totals.statuses == {"done": 2}
    assert list(totals.values("psnr")) == [10.0, 20.0]
    assert np.isnan(totals.values("ssim")).all()


def test_listeners_are_told_of_what_is_new_in_the_store(embed, tmp_path, spy):
    first, second = Listener(), Listener()
    logger = {"logger": spy}
    embed.fit(tmp_path / "run", callbacks=[WatchStore(), first], trainer=logger | {"max_steps": 12}, round_steps=3)
    assert first.names == [["a", "b"], ["c", "d"]]
    embed.fit(tmp_path / "run", callbacks=[WatchStore(), second], trainer=logger, round_steps=3)
    assert second.names == [["e"]]
    assert second.counts == [{"done": 5}]


def test_results_of_very_long_runs_are_logged_more_seldom_but_whole(embed, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROUNDS", 2)
    logged, callback, totals = [], LogResults(), Totals()
    monkeypatch.setattr(results, "loggers_of", lambda _: [SimpleNamespace(scalars=lambda v, step: logged.append(v))])
    trainer, task = embed.trainer(tmp_path), embed.task(tmp_path)
    for i in range(1, 8):
        record = {"name": str(i), "status": "done", "psnr": float(i)}
        totals.add(record)
        callback.on_finished(trainer, task, [record], totals)
    callback.on_train_end(trainer, task)
    assert [values["count/done"] for values in logged] == [1, 2, 4, 7]
    assert [values["round/psnr"] for values in logged] == [1, 2, 3.5, 6]
    assert logged[-1]["done/psnr/p50"] == 4


def test_failed_pictures_are_told_once_a_round(embed, tmp_path, spy, caplog):
    optimizer = {"optimizer": lambda params: torch.optim.SGD(params, lr=1e9)}
    with caplog.at_level(logging.WARNING):
        embed.fit(tmp_path / "run", callbacks=[WatchStore(), Alerts()], trainer={"logger": spy}, **optimizer)
    assert spy.told[0] == ("Pictures failed", "a, b; 2 of 2 finished pictures in all")
    assert spy.told[1] == ("Pictures failed", "c, d; 4 of 4 finished pictures in all")
    assert "Pictures failed: e; 5 of 5" in caplog.text


def test_a_stalled_loss_is_told_once_until_it_falls_again(embed, tmp_path, spy):
    options = {"optimizer": lambda params: torch.optim.SGD(params, lr=0.0), "round_steps": 2, "steps": 12}
    embed.fit(tmp_path / "run", callbacks=[Alerts(stalled_after=3)], trainer={"logger": spy}, batch_size=5, **options)
    assert spy.told == [("The loss has stalled", "most pictures in flight have come to no lower loss for 3 steps")]


def test_a_falling_loss_is_no_alert(embed, tmp_path, spy):
    embed.fit(tmp_path / "run", callbacks=[WatchStore(), Alerts(stalled_after=3)], trainer={"logger": spy}, steps=12)
    assert "told" not in spy.__dict__ or spy.told == []


def test_curves_keep_the_first_the_chosen_and_the_worst(embed, tmp_path):
    curves = LossCurves(first=1, worst=2, chosen=["d"])
    stored = embed.fit(tmp_path / "run", callbacks=[curves], round_steps=3)
    others = sorted({"b", "c", "e"}, key=lambda name: -stored.metrics[name]["loss"])
    assert set(curves.finished()) == set(curves.curves) == {"a", "d", *others[:2]}
    assert list(curves.finished())[:2] == ["a", "d"]
    for steps, values in curves.finished().values():
        assert steps == list(range(6))
        assert values[-1] < values[0]


def test_long_runs_log_fewer_rows(embed, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(volume, "ROWS", 6)
    curves = LossCurves(first=5)
    with caplog.at_level(logging.WARNING):
        embed.fit(tmp_path / "run", callbacks=[BoundRows(), curves], round_steps=3)
    assert "logging every 3 steps, not every 1" in caplog.text  # 18 steps in all
    assert all(steps == [2, 5] for steps, _ in curves.finished().values())


def test_a_failing_neighbour_does_not_spoil_the_means(embed, tmp_path):
    from i2s_lightning.callbacks.percentiles import LogPercentiles

    class Poison(WatchStore):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            if trainer.global_step == 2:
                module.rows.latents[0].data.fill_(float("nan"))

    log = CSVLogger(str(tmp_path / "log"))
    embed.fit(tmp_path / "run", callbacks=[Poison(), LogPercentiles()], trainer={"logger": log}, batch_size=5)
    means, highest, lowest = (trained(log, key) for key in ("train/loss", "pictures/loss/p95", "pictures/loss/p05"))
    assert np.isfinite(means + highest + lowest).all()
    assert trained(log, "train/running") == [5, 5, 5, 4, 4, 4]
    assert min(lowest) > 0.5 * max(lowest)  # the one that stopped counts for nothing, not for 0
    assert (np.diff(means[3:]) < 0).all()


def trained(log, key):
    import csv
    from pathlib import Path

    with (Path(log.log_dir) / "metrics.csv").open() as file:
        return [float(row[key]) for row in csv.DictReader(file) if row[key]]


def test_strips_of_large_pictures_are_made_small():
    target = torch.zeros(300, 200, 3, dtype=torch.uint8)
    small = strip(target, target + 10, most=150)
    assert [picture.shape for picture in small] == [(150, 100, 3)] * 3
    assert (small[2] == 40).all()
    grey = strip(target[..., :1], target[..., :1], most=30)
    assert grey[0].shape == (30, 20, 1)


def test_a_logger_that_is_not_known_gets_numbers_only(tmp_path):
    media = media_of(Spy(str(tmp_path)))
    media.pictures("x", [], [], 0)
    media.table("x", [], [], 0)
    assert not LogTable().wants(Media(Spy(str(tmp_path))))
