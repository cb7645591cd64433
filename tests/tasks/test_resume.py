"""A run that is cut off anywhere goes on to the same bits."""

import signal

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.utilities.exceptions import SIGTERMException

from i2s_lightning import load_embedding
from i2s_lightning.callbacks.percentiles import LogPercentiles
from i2s_lightning.callbacks.preemption import SaveOnSigterm
from i2s_lightning.callbacks.speed import LogSpeed
from i2s_lightning.checkpoints.lightning_io import AtomicCheckpointIO
from i2s_lightning.errors import CheckpointError
from i2s_lightning.losses import PixelLoss
from i2s_lightning.optim import RowLBFGS
from i2s_lightning.tasks.resume import check


class Cut(BaseException):
    """Ends the process, as far as Lightning can see."""


class CutAt(pl.Callback):
    """Ends the run after so many steps, before or after the checkpoint of that step."""

    def __init__(self, step, hook="on_train_batch_start"):
        self.step, self.hook = step, hook

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        if self.hook == "on_train_batch_start" and trainer.global_step == self.step:
            raise Cut

    def on_train_epoch_end(self, trainer, module):
        if self.hook == "on_train_epoch_end" and trainer.global_step >= self.step:
            raise Cut


class Terminate(pl.Callback):
    """Sends this process SIGTERM at a hook."""

    def __init__(self, step, hook):
        self.step = step
        setattr(self, hook, self._send)

    def _send(self, trainer, *rest):
        if trainer.global_step == self.step:
            signal.raise_signal(signal.SIGTERM)


OPTIONS = {"steps": 10, "round_steps": 5, "init": "random_uniform", "noise": "fixed"}


def run(embed, out, *, cut=(), ckpt=False, every=2, **options):
    saver = ModelCheckpoint(out / "checkpoints", "last", every_n_train_steps=every, enable_version_counter=False)
    cut = [cut] if isinstance(cut, pl.Callback) else cut
    callbacks = [LogSpeed(), LogPercentiles(), *cut, saver]  # they log whatever was cut
    last = out / "checkpoints" / "last.ckpt"
    trainer = {"enable_checkpointing": True, "plugins": [AtomicCheckpointIO()]}
    return embed.fit(
        out, callbacks=callbacks, trainer=trainer, ckpt_path=str(last) if ckpt else None, **(OPTIONS | options)
    )


@pytest.fixture(scope="module")
def undisturbed(embed_still, tmp_path_factory):
    """What a run gives that nobody cuts; made once for equal options."""
    known = {}

    def get(**options):
        key = str(sorted(options.items()))
        if key not in known:
            known[key] = run(embed_still, tmp_path_factory.mktemp("whole"), **options)
        return known[key]

    return get


def equal(a, b):
    assert a.names == b.names
    for name in a.names:
        assert torch.equal(a[name], b[name])
        mine, other = a.metrics[name], b.metrics[name]
        assert {k: v for k, v in mine.items() if k != "file"} == {k: v for k, v in other.items() if k != "file"}


@pytest.mark.parametrize(
    ("step", "hook"),
    [
        (3, "on_train_batch_start"),  # in the middle of a round, between two checkpoints
        (4, "on_train_batch_start"),  # at a checkpoint
        (10, "on_train_epoch_end"),  # a checkpoint says that pictures are done; the store does not have them yet
        (12, "on_train_batch_start"),  # the store has pictures that the checkpoint still has in flight
        (17, "on_train_batch_start"),
    ],
)
def test_cut_and_resumed_is_bit_identical(embed, undisturbed, tmp_path, step, hook):
    whole = undisturbed()
    with pytest.raises(Cut):
        run(embed, tmp_path / "cut", cut=CutAt(step, hook))
    equal(run(embed, tmp_path / "cut", ckpt=True), whole)


@pytest.mark.parametrize(
    ("step", "hook", "turn", "saved"),
    [
        (0, "on_train_start", 0, 1),  # Lightning's handler gets it
        (3, "on_train_batch_start", 0, 4),
        (3, "on_before_zero_grad", 0, 4),
        (4, "on_train_batch_end", 0, 4),
        (4, "on_train_batch_end", 1, 5),  # too late to save after this step, so there has to be another one
        (5, "on_train_epoch_end", 0, 6),  # between two rounds
    ],
)
def test_sigterm_at_any_moment_saves_all_steps(embed, undisturbed, tmp_path, step, hook, turn, saved):
    options = {"every": 10**6, "losses": {"pixel": PixelLoss()}}
    whole = undisturbed(**options)
    cut = [SaveOnSigterm(str(tmp_path / "cut"))]
    cut.insert(turn, Terminate(step, hook))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SIGTERMException):
        run(embed, tmp_path / "cut", cut=cut, **options)
    assert signal.getsignal(signal.SIGTERM) == before
    flying = load_embedding(tmp_path / "cut")
    assert {name: flying.metrics[name]["step"] for name in flying.names} == {"a": saved, "b": saved}
    equal(run(embed, tmp_path / "cut", ckpt=True, **options), whole)


@pytest.mark.parametrize("step", [3, 8, 13])
def test_a_line_search_goes_on_where_it_was(embed, undisturbed, tmp_path, step):
    whole = undisturbed(optimizer=RowLBFGS)
    with pytest.raises(Cut):
        run(embed, tmp_path / "cut", cut=CutAt(step), optimizer=RowLBFGS)
    equal(run(embed, tmp_path / "cut", ckpt=True, optimizer=RowLBFGS), whole)


def test_nothing_is_left_of_a_round_whose_pictures_have_all_been_stored(embed, undisturbed, tmp_path):
    """The checkpoint is from its middle; nobody computes its rest, and callbacks have nothing to log of it."""
    options = {"every": 4, "losses": {"pixel": PixelLoss()}}
    whole = undisturbed(**options)
    with pytest.raises(Cut):
        run(embed, tmp_path / "cut", cut=CutAt(11), **options)
    equal(run(embed, tmp_path / "cut", ckpt=True, **options), whole)


def test_resumed_twice_with_another_batch_of_early_leavers(embed, undisturbed, tmp_path):
    options = {"steps": 12, "round_steps": 3, "patience": 3, "min_delta": 0.02}
    whole = undisturbed(**options)
    for step in (5, 7):
        with pytest.raises(Cut):
            run(embed, tmp_path / "cut", cut=CutAt(step), ckpt=step > 5, **options)
    equal(run(embed, tmp_path / "cut", ckpt=True, **options), whole)


def test_without_a_checkpoint_only_what_is_missing_is_done(embed, undisturbed, tmp_path):
    whole = undisturbed()
    with pytest.raises(Cut):
        run(embed, tmp_path / "cut", cut=CutAt(12))
    done = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cut" / "latents").iterdir()}
    assert done
    equal(run(embed, tmp_path / "cut"), whole)
    for path in (tmp_path / "cut" / "latents").iterdir():
        assert path.name not in done or path.stat().st_mtime_ns == done[path.name]


@pytest.mark.parametrize("harm", ["truncate", "flip", "delete"])
def test_a_harmed_shard_is_noticed_and_only_its_pictures_are_redone(embed, undisturbed, tmp_path, harm, caplog):
    whole = undisturbed()
    run(embed, tmp_path / "cut")
    first, *others = sorted((tmp_path / "cut" / "latents").iterdir())
    kept = {p: p.stat().st_mtime_ns for p in others}
    data = bytearray(first.read_bytes())
    if harm == "delete":
        first.unlink()
    else:
        data[-5] ^= 1
        first.write_bytes(data if harm == "flip" else data[:-5])
    equal(run(embed, tmp_path / "cut"), whole)
    assert all(p.stat().st_mtime_ns == time for p, time in kept.items())
    assert harm == "delete" or "is damaged" in caplog.text


def test_new_pictures_are_added_and_old_ones_left_alone(embed, undisturbed, tmp_path):
    whole = undisturbed()
    late = embed.folder / "e.png"
    hidden = late.read_bytes()
    late.unlink()
    run(embed, tmp_path / "grown")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "grown" / "latents").iterdir()}
    late.write_bytes(hidden)
    equal(run(embed, tmp_path / "grown"), whole)
    assert all(p.stat().st_mtime_ns == time for p, time in before.items())


def test_a_picture_that_changed_is_embedded_again(embed, tmp_path):
    run(embed, tmp_path / "run")
    (embed.folder / "a.png").write_bytes((embed.folder / "b.png").read_bytes())
    again = run(embed, tmp_path / "run")
    assert again.metrics["a"]["sha256"] == again.metrics["b"]["sha256"]
    assert torch.equal(again["a"], again["b"])


def test_other_settings_are_refused_and_named(embed, tmp_path):
    run(embed, tmp_path / "run")
    with pytest.raises(CheckpointError, match=r"(?s)other settings.*steps: 10 -> 11.*--restart"):
        run(embed, tmp_path / "run", steps=11)


def test_another_generator_of_the_same_name_is_told_by_its_hash():
    then, now = ({"settings": {}, "generator": {"file": "faces64", "sha256": x * 64}} for x in "ab")
    with pytest.raises(CheckpointError, match=r"generator: 'faces64 \(a{12}\)' -> 'faces64 \(b{12}\)'"):
        check(now, then)


def test_a_finished_run_has_nothing_to_do(embed, tmp_path):
    first = run(embed, tmp_path / "run")
    files = {p: p.stat().st_mtime_ns for p in (tmp_path / "run" / "latents").iterdir()}
    equal(run(embed, tmp_path / "run", ckpt=True), first)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "run" / "latents").iterdir()} == files


def test_a_checkpoint_holds_rows_and_no_network(embed, tmp_path):
    run(embed, tmp_path / "run")
    checkpoint = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["state_dict"] == {}
    rows = checkpoint["embedding"]["tensors"]
    assert {len(v) for v in rows.values()} == {len(checkpoint["embedding"]["pictures"])}
    assert {"latent", "best", "age", "optimizer/exp_avg", "result/ws"} <= rows.keys()
    assert checkpoint["embedding"]["run"]["generator"]["sha256"]


def test_pictures_in_flight_can_be_looked_at(embed, tmp_path):
    with pytest.raises(Cut):
        run(embed, tmp_path / "cut", cut=CutAt(7))
    flying = load_embedding(tmp_path / "cut")
    assert flying.names == ["a", "b"]
    assert flying.metrics["a"]["status"] == "in flight"
    assert flying.render().shape == (2, 3, 16, 16)
