"""Kill runs at random moments, go on, and compare bits with runs that nobody killed.

    python scripts/soak.py --kills 25

Each try starts ``fit`` on 1 or 2 processes, kills all of them with SIGKILL after a random time, in the first round or
after pictures have come and gone, now and then damages what was left (torn, flipped or lost shards, checkpoints and
settings, a half-written draft), runs the same command until it ends by itself, on 1 or 2 processes, and compares every
latent and metric with an uninterrupted run's, bit for bit. ``scripts/torn_writes.py`` dies at every single write.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.generators import StyleGAN2
from i2s_lightning.generators.native import save_native

PICTURES = 7  # not divisible by the batch size or the processes
DAMAGES = (
    *("none", "none", "none", "draft", "torn settings", "lost settings"),
    *("torn shard", "flipped shard", "lost shard", "torn checkpoint", "flipped checkpoint", "lost checkpoint"),
)


def prepare(folder: Path, *, steps: int = 240, round_steps: int = 40, every: int = 7) -> list[str]:
    """Make a small generator and pictures, and the command that embeds them."""
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
        *(sys.executable, "-m", "i2s_lightning", "fit", f"--data.path={folder / 'pictures'}", "--data.batch_size=2"),
        *(f"--model.generator={folder / 'generator.safetensors'}", f"--model.losses={json.dumps(pixel)}"),
        *(f"--model.steps={steps}", f"--model.round_steps={round_steps}", f"--checkpoint.every_n_train_steps={every}"),
        *("--model.init=random_uniform", "--model.noise=fixed", "--model.patience=40", "--trainer.accelerator=cpu"),
        *("--trainer.enable_progress_bar=false", "--trainer.logger=false"),
    ]


def start(command: list[str], out: Path, processes: int) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own."""
    words = [*command, f"--out={out}", f"--trainer.devices={processes}"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    log = (out.parent / f"{out.name}.log").open("ab")
    return subprocess.Popen(words, stdout=log, stderr=log, env=environment, start_new_session=True)


def kill_at_random(
    run: subprocess.Popen[bytes], out: Path, chance: random.Random, span: float, *, late: bool
) -> tuple[bool, int]:
    """Wait until the run works (``late``: until pictures have left), then a random time, then kill its whole group.

    Returns:
        Whether it was still running; how many shards it had written.
    """
    while run.poll() is None and not (stored(out) if late else (out / "config.yaml").exists()):
        time.sleep(0.02)
    deadline = time.monotonic() + chance.uniform(0, span)
    while run.poll() is None and time.monotonic() < deadline and (late or not stored(out)):
        time.sleep(0.005)
    alive = run.poll() is None
    if alive:
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return alive, len(stored(out))


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


def main() -> int:
    """Run the soak; the exit status tells whether all were identical."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--span", type=float, default=4.0, help="kill within so many seconds after the start of work")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    chance = random.Random(options.seed)
    identical = killed = first_round = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = prepare(folder)
        if start(command, folder / "whole", 1).wait() != 0:
            sys.exit((folder / "whole.log").read_text())
        for attempt in range(options.kills):
            out, processes, late = folder / f"run{attempt}", 1 + attempt % 2, attempt // 2 % 2 == 1
            kind, again = chance.choice(DAMAGES), chance.choice((1, 2))
            alive, shards = kill_at_random(start(command, out, processes), out, chance, options.span, late=late)
            killed += alive
            first_round += shards == 0
            damage(out, kind, chance)
            status = start(command, out, again).wait()
            equal = status == 0 and same(out, folder / "whole")
            identical += equal
            verdict = (
                "identical" if equal else f"DIFFERENT (status {status})\n{(folder / f'{out.name}.log').read_text()}"
            )
            what = f"killed on {processes} with {shards} shards, {kind}, resumed on {again}"
            print(f"{attempt + 1:3d}: {what}: {verdict}", flush=True)
    print(f"{identical}/{options.kills} identical")
    print(f"({killed} were still running when killed, {first_round} had not stored anything yet; seed {options.seed})")
    return int(identical != options.kills)


if __name__ == "__main__":
    sys.exit(main())
