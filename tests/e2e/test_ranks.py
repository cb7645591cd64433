"""Several processes that all begin at once, as under torchrun and SLURM."""

import json
import os
import signal
import time
from collections import Counter
from shutil import copy

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import TERMINATED, main
from i2s_lightning.callbacks.preemption import SaveOnSigterm
from i2s_lightning.checkpoints.lightning_io import AtomicCheckpointIO
from i2s_lightning.losses import PixelLoss

OPTIONS = {"steps": 8, "round_steps": 3, "init": "random_uniform", "noise": "fixed"}


@pytest.fixture
def fit(embed, torchrun):
    """Embed on so many processes; give their exit statuses."""

    def start(out, count, *callbacks, every=4, ckpt_path=None, **options):
        from i2s_lightning.tasks.strategy import RowParallel

        def work():
            saver = ModelCheckpoint(
                out / "checkpoints", "last", every_n_train_steps=every, enable_version_counter=False
            )
            engine = {"devices": count, "enable_checkpointing": True, "plugins": [AtomicCheckpointIO()]}
            engine |= {"log_every_n_steps": 1000}
            engine |= {"strategy": RowParallel()} if count > 1 else {}
            callbacks_ = [*callbacks, SaveOnSigterm(str(out)), saver]
            try:
                embed.fit(
                    out,
                    callbacks=callbacks_,
                    trainer=engine,
                    ckpt_path=ckpt_path,
                    **(OPTIONS | {"losses": {"pixel": PixelLoss()}} | options),
                )
            except SystemExit as stop:
                return TERMINATED if type(stop).__name__ == "SIGTERMException" else stop.code
            return 0

        return torchrun(work, count)

    return start


def end(processes):
    return [process.wait() for process in processes]


def results(path):
    stored = load_embedding(path)
    assert stored.names == list("abcde")
    return stored


def same(one, two):
    """Every picture once, with the same bits."""
    shards = [torch.equal(one[name], two[name]) for name in "abcde"]
    return all(shards) and [one.metrics[n]["loss"] for n in "abcde"] == [two.metrics[n]["loss"] for n in "abcde"]


def stored_twice(out):
    from i2s_lightning.checkpoints.store import read_shard, shards

    names = Counter(entry.name for shard in shards(out / "latents") for entry in read_shard(shard)[0])
    return {name for name, count in names.items() if count > 1}


def test_any_number_of_processes_gives_the_same_bits(fit, tmp_path):
    """Five pictures on 1 x 2, 2 x 2 and 3 x 2 rows: more rows than pictures, too."""
    for count in (1, 2, 3):
        assert end(fit(tmp_path / str(count), count)) == [0] * count
        assert stored_twice(tmp_path / str(count)) == set()
    one = results(tmp_path / "1")
    assert same(one, results(tmp_path / "2"))
    assert same(one, results(tmp_path / "3"))


def test_videos_on_two_processes_are_those_of_one(fit, embed, tmp_path):
    """Each stays in its row; two of them, in different processes."""
    for folder, names in (("films/x", "ab"), ("films/y", "cde")):
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            copy(embed.folder / f"{name}.png", tmp_path / folder)
    options = {"path": tmp_path / "films", "batch_size": 1, "sequence": 3}
    for count in (1, 2):
        assert end(fit(tmp_path / str(count), count, **options)) == [0] * count
    one, two = load_embedding(tmp_path / "1"), load_embedding(tmp_path / "2")
    assert one.names == ["x/a", "x/b", "y/c", "y/d", "y/e"]
    assert torch.equal(one.ws, two.ws)


class Slow(pl.Callback):
    """Makes one rank slower than the others, so that signals find them at different steps."""

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        time.sleep(0.02 * (1 + trainer.global_rank))
        if trainer.global_step == 1:
            (module.out / f"works{trainer.global_rank}").touch()


@pytest.mark.parametrize(
    ("told", "every"),
    [
        ([0, 1], 10**6),  # by SLURM or torchrun, all; noticed at the end of the round
        ([1], 3),  # only one; noticed at a checkpoint within the round
    ],
)
def test_sigterm_saves_ends_all_and_loses_nothing(fit, tmp_path, told, every):
    options = {"steps": 20, "round_steps": 10}
    processes = fit(tmp_path / "run", 2, Slow(), every=every, **options)
    while not all((tmp_path / "run" / f"works{rank}").exists() for rank in (0, 1)):
        time.sleep(0.02)
    for rank in told:
        processes[rank].send(signal.SIGTERM)
    assert end(processes) == [TERMINATED, TERMINATED], processes[0].text() + processes[1].text()
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    part = torch.load(last, weights_only=True)["embedding"]
    assert part["pictures"] == list("abcd")
    assert set(part["tensors"]["age"].tolist()) == {10 if every > 10 else part["tensors"]["age"][0].item()}
    assert 0 < part["tensors"]["age"][0] <= 10
    assert end(fit(tmp_path / "run", 1, ckpt_path=str(last), **options)) == [0]  # on another number of processes
    assert end(fit(tmp_path / "whole", 1, **options)) == [0]
    assert same(results(tmp_path / "run"), results(tmp_path / "whole"))


class Counting(pl.Callback):
    """Counts what reaches the process group between two checkpoints or ends of rounds."""

    NAMES = ("allgather", "allreduce", "barrier", "broadcast", "gather", "reduce", "scatter", "send", "recv")

    def __init__(self):
        self.inside, self.seen = False, Counter()

    def on_train_start(self, trainer, module):
        group = torch.distributed.ProcessGroup
        for name in self.NAMES:
            setattr(group, name, self._counted(getattr(group, name)))

    def _counted(self, function):
        def wrapped(*args, **options):
            self.seen["inside" if self.inside else "outside"] += 1
            return function(*args, **options)

        return wrapped

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        self.inside = True
        self.seen["steps"] += 1

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        self.inside = False

    def on_train_end(self, trainer, module):
        (module.out / f"counts{trainer.global_rank}.json").write_text(json.dumps(self.seen))


def test_a_step_tells_other_processes_nothing(fit, tmp_path):
    assert end(fit(tmp_path, 2, Counting(), every=10**6)) == [0, 0]
    for rank in (0, 1):
        seen = json.loads((tmp_path / f"counts{rank}.json").read_text())
        assert seen["steps"] == 2 * 9  # two times four rows for five pictures; rounds of 3 for 8 steps
        assert seen.get("inside", 0) == 0
        assert 0 < seen["outside"] <= 4 * 7  # rounds: pictures that come, and whether to end


@pytest.fixture
def command(generator_file, pictures, tmp_path):
    pixel = json.dumps({"pixel": {"class_path": "PixelLoss"}})
    words = [
        *("fit", f"--data.path={pictures}", "--data.batch_size=2", f"--model.generator={generator_file}"),
        *(f"--model.losses={pixel}", "--model.init=random_uniform", "--model.steps=5", "--model.round_steps=3"),
        *("--trainer.accelerator=cpu", "--trainer.logger=false", "--trainer.enable_progress_bar=false"),
        *("--checkpoint.every_n_train_steps=2", f"--out={tmp_path / 'run'}", "--trainer.devices=2"),
    ]
    return lambda *more: lambda: main([*words, *more])


def test_processes_agree_on_a_torn_checkpoint_and_on_who_holds_the_folder(torchrun, command, tmp_path):
    """The second process begins late: the first has set the checkpoint aside by then; only one of them may decide."""
    assert end(torchrun(command("--trainer.max_steps=4"), 2)) == [0, 0]
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:-100])

    def late():
        time.sleep(2 * int(os.environ["RANK"]))
        return command()()

    first, second = torchrun(late, 2)
    assert end([first, second]) == [0, 0], first.text() + second.text()
    assert last.with_suffix(".damaged").exists()
    assert "Going on from" not in first.text()
    assert len(results(tmp_path / "run")) == 5

    first, second = torchrun(command("--model.steps=6"), 2)
    assert end([first, second]) == [1, 1]
    assert "steps: 5 -> 6" in first.text()
    assert "Traceback" not in first.text() + second.text()
