"""Frames of a video, each from the one before it."""

from collections import Counter

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import ModelCheckpoint

from i2s_lightning.checkpoints.lightning_io import AtomicCheckpointIO
from i2s_lightning.errors import ConfigError
from i2s_lightning.losses import PixelLoss
from i2s_lightning.tasks.sequence import Line

OPTIONS = {"steps": 9, "sequence": 4, "round_steps": 4, "init": "random_uniform"}


@pytest.fixture
def films(tmp_path):
    """Two videos of three and two frames, and a picture of neither; frames change a little."""
    draw = np.random.default_rng(0)
    for name, frames in (("films/x", 3), ("films/y", 2), ("films", 1)):
        (tmp_path / name).mkdir(exist_ok=True, parents=True)
        rough = draw.integers(0, 256, (4, 4, 3))
        for i in range(frames):
            changed = np.clip(rough + 8 * i, 0, 255).astype(np.uint8)
            Image.fromarray(changed).resize((16, 16), Image.Resampling.BICUBIC).save(tmp_path / name / f"{i}.png")
    return tmp_path / "films"


@pytest.fixture
def run(embed, films):
    def start(out, *callbacks, ckpt=False, path=films, batch_size=2, trainer=None, **options):
        saver = ModelCheckpoint(out / "checkpoints", "last", every_n_train_steps=2, enable_version_counter=False)
        engine = {"enable_checkpointing": True, "plugins": [AtomicCheckpointIO()], "log_every_n_steps": 100}
        options = {"losses": {"pixel": PixelLoss()}} | OPTIONS | options
        return embed.fit(
            out,
            path=path,
            batch_size=batch_size,
            callbacks=[*callbacks, saver],
            trainer=engine | (trainer or {}),
            ckpt_path=str(out / "checkpoints" / "last.ckpt") if ckpt else None,
            **options,
        )

    return start


def same(one, two):
    assert one.names == two.names
    assert torch.equal(one.ws, two.ws)
    assert [r["loss"] for r in one.metrics.values()] == [r["loss"] for r in two.metrics.values()]


class Starts(pl.Callback):
    """Notes where each picture starts, and at which learning rate."""

    def __init__(self):
        self.latents, self.rates = {}, {}

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        for row, picture in enumerate(module.rows.slots.pictures):
            name = module.data.pictures[picture].name if picture >= 0 else None
            if name is not None and name not in self.latents:
                self.latents[name] = module.rows.latents[row].detach().clone()
                self.rates[name] = module.lr_table[module.rows.steps[row]]


@pytest.mark.parametrize("space", ["w_plus", "w", "z"])
def test_each_frame_starts_from_the_result_before_it(run, tmp_path, space):
    def fading(optimizer):
        return torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, 9)

    starts = Starts()
    found = run(tmp_path / "run", starts, space=space, lr_scheduler=fading)
    for frame, before in (("x/1", "x/0"), ("x/2", "x/1"), ("y/1", "y/0")):
        assert torch.equal(starts.latents[frame], found.latent(before))
        assert starts.rates[frame] == pytest.approx(0.01 * (1 - 0.9 * 5 / 9))  # the last 4 of 9 steps
    assert {name: record["steps"] for name, record in found.metrics.items()} == {
        **{"0": 9, "x/0": 9, "y/0": 9},
        **{"x/1": 4, "x/2": 4, "y/1": 4},
    }
    assert all(record["best_step"] < record["steps"] for record in found.metrics.values())


def test_a_video_depends_on_nothing_but_itself(run, films, tmp_path):
    """Alone, with one row or with many, refilled or not: the same bits at one batch size."""
    both = run(tmp_path / "both", batch_size=3)
    alone = run(tmp_path / "alone", batch_size=3, path=films / "x", round_steps=2)
    for i in range(3):
        assert torch.equal(both[f"x/{i}"], alone[str(i)])


class Cut(BaseException):
    """Ends the process, as far as Lightning can see."""


class CutAt(pl.Callback):
    def __init__(self, step):
        self.step = step

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        if trainer.global_step == self.step:
            raise Cut


@pytest.mark.parametrize("ckpt", [True, False], ids=["checkpoint", "store"])
def test_a_video_that_is_cut_anywhere_goes_on_to_the_same_bits(run, tmp_path, ckpt):
    """In a first frame; between frames; in a later one; where the next starts from what only the store holds."""
    whole = run(tmp_path / "whole")
    for step in (3, 12, 13, 17):
        with pytest.raises(Cut):
            run(tmp_path / str(step), CutAt(step))
        same(run(tmp_path / str(step), ckpt=ckpt), whole)


def test_frames_that_come_later_go_on_from_the_last(run, films, tmp_path):
    whole = run(tmp_path / "whole")
    late = (films / "x" / "2.png").rename(tmp_path / "2.png")
    run(tmp_path / "grown")
    late.rename(films / "x" / "2.png")
    same(run(tmp_path / "grown"), whole)


def test_a_broken_frame_does_not_break_those_after_it(run, tmp_path, monkeypatch):
    from i2s_lightning.tasks.exchange import Exchange

    target = Exchange._target

    def poisoned(self, picture):
        image = target(self, picture)
        return image * torch.nan if self.task.data.pictures[picture].name == "x/1" else image

    monkeypatch.setattr(Exchange, "_target", poisoned)
    found = run(tmp_path / "run")
    assert Counter(record["status"] for record in found.metrics.values()) == {"done": 5, "failed": 1}
    assert found["x/2"].isfinite().all()


def test_nobody_waits_for_another_sequence():
    line = Line([7], [0, 1, 2, 3, 4, 5], {1: 0, 2: 1, 5: 4, 3: 7})
    assert len(line) == 7
    assert line.next(None) == 7  # in flight before
    assert line.awaits(7)
    assert line.next(None) == 0
    assert line.next(7) == 3  # the row of the one before it
    assert line.next(3) == 4  # that sequence is over: another one
    assert line.next(None) is None  # a row that nobody can use now
    assert [line.next(0), line.next(1), line.next(2), line.next(4)] == [1, 2, None, 5]
    assert len(line) == 0


@pytest.mark.parametrize("sequence", [0, 10])
def test_a_sequence_has_no_more_steps_than_a_picture(embed, tmp_path, sequence):
    with pytest.raises(ConfigError, match=rf"sequence must lie in \[1, model.steps = 9\]; got {sequence}"):
        embed.task(tmp_path, steps=9, sequence=sequence)
