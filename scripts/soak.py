"""Kill runs at random moments, go on, and compare bits with runs that nobody killed.

    python scripts/soak.py --kills 25

Each try starts ``fit`` on 1 or 2 processes, kills all of them with SIGKILL after a random time, in the first round or
after pictures have come and gone, now and then damages what was left (torn, flipped or lost shards, checkpoints and
settings, a half-written draft), runs the same command until it ends by itself, on 1 or 2 processes, and compares every
latent and metric with an uninterrupted run's, bit for bit. A run that was over before its moment is begun again.
``scripts/torn_writes.py`` dies at every single write.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from forked import begin_ranks, status_of
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.generators import StyleGAN2
from i2s_lightning.generators.native import save_native

PICTURES = 7  # not divisible by the batch size or the processes
DAMAGES = (
    *("none", "none", "none", "draft", "torn settings", "lost settings"),
    *("torn shard", "flipped shard", "lost shard", "torn checkpoint", "flipped checkpoint", "lost checkpoint"),
)


def prepare(folder: Path, *, steps: int = 40, round_steps: int = 10, every: int = 4) -> list[str]:
    """Make a small generator and pictures, and the words of the command that embeds them."""
    torch.manual_seed(0)
    generator = StyleGAN2(z_dim=12, w_dim=16, channels=(16, 12, 8), mapping_layers=2)
    save_native(generator.eval().requires_grad_(False), folder / "generator.safetensors")
    draw = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for i in range(PICTURES):
        rough = Image.fromarray(draw.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        rough.resize((16, 16), Image.Resampling.BICUBIC).save(folder / "pictures" / f"{i}.png")
    pixel = {"pixel": {"class_path": "PixelLoss"}}
    return [
        *("fit", f"--data.path={folder / 'pictures'}", "--data.batch_size=2"),
        *(f"--model.generator={folder / 'generator.safetensors'}", f"--model.losses={json.dumps(pixel)}"),
        *(f"--model.steps={steps}", f"--model.round_steps={round_steps}", f"--checkpoint.every_n_train_steps={every}"),
        *("--model.init=random_uniform", "--model.noise=fixed", "--model.patience=15", "--trainer.accelerator=cpu"),
        *("--trainer.enable_progress_bar=false", "--trainer.logger=false"),
    ]


def start(words: Sequence[str], out: Path, processes: int) -> list[int]:
    """Start a run."""
    words = [*words, f"--out={out}", f"--trainer.devices={processes}", "--report=false"]
    return begin_ranks(words, log_of(out), processes)


def log_of(out: Path) -> Path:
    """Tell where a run's words go."""
    return out.with_suffix(".log")


def measure(words: Sequence[str], out: Path) -> dict[bool, float]:
    """Embed undisturbed; tell how long the first round took, and (at True) the rest."""
    run = start(words, out, 1)
    moments = []
    for reached in (lambda: (out / "config.yaml").exists(), lambda: stored(out), lambda: over(run)):
        while not reached():
            time.sleep(0.002)
        moments.append(time.monotonic())
    if status_of(run[0]) != 0:
        sys.exit(log_of(out).read_text())
    return {False: moments[1] - moments[0], True: moments[2] - moments[1]}


def over(run: Sequence[int]) -> bool:
    """Tell whether one of a run's processes has ended."""
    return any(os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) for pid in run)


def kill_at_random(run: Sequence[int], out: Path, after: float, *, late: bool) -> bool:
    """Wait until a run works (``late``: until pictures have left), then some seconds, then kill all of it.

    Returns:
        Whether it was in time: still running, and (not ``late``) still in its first round.
    """
    while not over(run) and not (stored(out) if late else (out / "config.yaml").exists()):
        time.sleep(0.002)
    time.sleep(after)
    in_time = not over(run) and (late or not stored(out))
    for pid in run:
        os.kill(pid, signal.SIGKILL)
    for pid in run:
        status_of(pid)
    return in_time


def stored(out: Path) -> list[Path]:
    """List the shards of a run."""
    return sorted((out / "latents").glob("0*.safetensors"))


def damage(out: Path, kind: str, chance: random.Random) -> None:
    """Do to the files what a dying disk or an untidy user might."""
    if kind == "draft":
        (out / "latents").mkdir(exist_ok=True)
        (out / "latents" / ".000009-000.1.tmp.safetensors").write_bytes(b"half")
    victims = {"shard": stored(out), "checkpoint": [out / "checkpoints" / "last.ckpt"]}
    victims["settings"] = [out / "embedding.json", out / "config.yaml"]
    how, _, what = kind.partition(" ")
    there = [path for path in victims.get(what, []) if path.exists()]
    if there:
        victim = chance.choice(there)
        victim.unlink() if how == "lost" else _harm(victim, how, chance)


def _harm(path: Path, how: str, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    place = chance.randrange(len(data))
    if how == "torn":
        del data[place:]
    else:
        data[place] ^= 1
    path.write_bytes(data)


def same(a: Path, b: Path) -> bool:
    """Compare all latents, noise maps and records of two runs."""
    one, two = load_embedding(a), load_embedding(b)
    if one.names != two.names or len(one.names) != PICTURES:
        return False
    tensors = all(
        torch.equal(x, y)
        for name in one.names
        for x, y in zip([one[name], *one.noise(name)], [two[name], *two.noise(name)], strict=True)
    )
    return tensors and one.metrics == two.metrics


def attempt(words: Sequence[str], out: Path, seconds: float, chance: random.Random, number: int) -> tuple[str, int]:
    """Kill a run, damage what it left, go on.

    Returns:
        What was done, and the exit status of the run that went on.
    """
    processes, late = 1 + number % 2, number // 2 % 2 == 1
    kind, again = chance.choice(DAMAGES), chance.choice((1, 2))
    while not kill_at_random(start(words, out, processes), out, chance.uniform(0, seconds), late=late):
        shutil.rmtree(out)
    shards = len(stored(out))
    damage(out, kind, chance)
    statuses = [status_of(pid) for pid in start(words, out, again)]
    what = f"killed on {processes} with {shards} shards, {kind}, resumed on {again}"
    return what, max(statuses, key=abs)


def main() -> int:
    """Run the soak; the exit status tells whether all were identical."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    chance = random.Random(options.seed)
    identical = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = prepare(folder)
        seconds = measure(words, folder / "whole")
        for number in range(options.kills):
            out = folder / f"run{number}"
            what, status = attempt(words, out, seconds[number // 2 % 2 == 1], chance, number)
            equal = status == 0 and same(out, folder / "whole")
            identical += equal
            verdict = "identical" if equal else f"DIFFERENT (status {status})\n{log_of(out).read_text()}"
            print(f"{number + 1:3d}: {what}: {verdict}", flush=True)
    print(f"{identical}/{options.kills} identical (seed {options.seed})")
    return int(identical != options.kills)


if __name__ == "__main__":
    sys.exit(main())
