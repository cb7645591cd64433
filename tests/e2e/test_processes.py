"""Real processes: several ranks, signals, a full disk."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from i2s_lightning import load_embedding


@pytest.fixture
def start(generator_file, pictures, tmp_path):
    """Start ``fit`` in a process of its own."""

    def run(out, *words, **environment):
        pixel = {"pixel": {"class_path": "PixelLoss"}}
        command = [
            *(sys.executable, "-m", "i2s_lightning", "fit", f"--out={tmp_path / out}", f"--data.path={pictures}"),
            *("--data.batch_size=2", f"--model.generator={generator_file}", f"--model.losses={json.dumps(pixel)}"),
            *("--model.round_steps=5", "--trainer.accelerator=cpu", "--trainer.log_every_n_steps=1", *words),
        ]
        env = os.environ | {"OMP_NUM_THREADS": "1"} | environment
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)

    return run


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out + err


def test_two_processes_give_the_bits_of_one(start, tmp_path):
    """Five pictures, batches of two: 2 + 2 + 1 in one process, 4 + 1 in two."""
    words = ("--model.steps=12", "--model.init=random_uniform")
    finish(start("one", *words))
    said = finish(start("two", "--trainer.devices=2", *words))
    one, two = load_embedding(tmp_path / "one"), load_embedding(tmp_path / "two")
    assert one.names == two.names == list("abcde")
    assert torch.equal(one.ws, two.ws)
    assert "2 processes" in said
    assert load_embedding(tmp_path / "two").run["processes"] == 2


def test_sigterm_saves_and_exits_as_terminated(start, tmp_path):
    words = ("--model.steps=100000", "--model.round_steps=100000")
    process = start("run", *words)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "logs" / "version_0").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    flying = load_embedding(tmp_path / "run")
    assert flying.names == ["a", "b"]
    assert flying.metrics["a"]["step"] > 0
