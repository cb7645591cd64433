"""Real processes, as users start them; more cases, more quickly, in ``test_ranks.py``."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import torch

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main


@pytest.fixture(scope="module")
def words(generator_file, five_pictures):
    pixel = json.dumps({"pixel": {"class_path": "PixelLoss"}})
    return [
        *("fit", f"--data.path={five_pictures}", "--data.batch_size=2", f"--model.generator={generator_file}"),
        *(f"--model.losses={pixel}", "--model.steps=12", "--model.init=random_uniform", "--model.round_steps=5"),
        *("--trainer.accelerator=cpu", "--trainer.log_every_n_steps=1"),
    ]


@pytest.fixture
def start(words, tmp_path):
    """Start ``fit`` in a process of its own."""

    def run(out, *more, launcher=()):
        command = [sys.executable, *launcher, "-m", "i2s_lightning", *words, f"--out={tmp_path / out}", *more]
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)

    return run


@pytest.fixture(scope="module")
def one(words, tmp_path_factory):
    """What a single process gives."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("one") / "run"
    assert main([*words, f"--out={out}"]) == 0
    return load_embedding(out)


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out + err


def test_two_processes_give_the_bits_of_one(start, one, tmp_path):
    """Five pictures, batches of two: 2 + 2 + 1 in one process, 4 + 1 in two."""
    said = finish(start("two", "--trainer.devices=2"))
    two = load_embedding(tmp_path / "two")
    assert one.names == two.names == list("abcde")
    assert torch.equal(one.ws, two.ws)
    assert "2 processes" in said
    assert two.run["processes"] == 2


@pytest.mark.slow
def test_two_nodes_under_torchrun_give_the_bits_of_one(start, one, tmp_path):
    """The documentation's recipe, both machines being this one, with gloo."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = ["-m", "torch.distributed.run", "--nnodes=2", "--nproc_per_node=1", "--master_addr=127.0.0.1"]
    nodes = [
        start(
            "nodes",
            *("--trainer.devices=1", "--trainer.num_nodes=2"),
            launcher=[*torchrun, f"--master_port={port}", f"--node_rank={rank}"],
        )
        for rank in (0, 1)
    ]
    said = [finish(node) for node in nodes]
    assert "2 processes" in said[0]
    assert torch.equal(one.ws, load_embedding(tmp_path / "nodes").ws)


def test_sigterm_saves_and_exits_as_terminated(start, tmp_path):
    """At whatever moment; ``test_resume.py`` tries each of them."""
    words = ("--model.steps=100000", "--model.round_steps=100000")
    process = start("run", *words)
    while process.poll() is None and not (tmp_path / "run" / "logs" / "version_0" / "metrics.csv").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    flying = load_embedding(tmp_path / "run")
    assert flying.names == ["a", "b"]
    assert flying.metrics["a"]["step"] > 0
