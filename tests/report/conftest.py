"""Run folders without a run, and pages in a browser."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.checkpoints.render import render_one
from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.generators import load_generator
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.report import Facts, pictures_of, write_report

CURVE = Facts([9, 19, 29], [0.9, 0.3, 0.1])


def run_record(generator: Path):
    """Describe a run as the task does."""
    network = {"file": str(generator), "sha256": load_generator(str(generator)).sha256}
    return {
        "generator": network | {"img_shape": [16, 16], "img_channels": 3},
        "settings": {
            "space": "w_plus",
            "noise": "const",
            "steps": 30,
            "data": {"fit": "crop", "resample": "lanczos", "background": [255, 255, 255]},
        },
        "versions": {"python": "3.11"},
    }


class Run:
    """A run folder with made-up results: ``run/``, and the pictures it came from in ``data/``.

    Attributes:
        folder: The run folder.
        data: The data folder.
    """

    def __init__(self, home: Path, generator: Path) -> None:
        self.folder, self.data = home / "run", home / "data"
        self.run = run_record(generator)
        self.results: list[Result] = []

    def add(self, names, **facts):
        """Make targets and results of these names."""
        generator = load_generator(self.run["generator"]["file"])
        chance = np.random.default_rng(len(self.results))
        for name in names:
            path = self.data / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(chance.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(path)
            ws = generator.w_avg + torch.from_numpy(chance.normal(size=(generator.num_ws, generator.w_dim))).float()
            render = self.folder / "renders" / f"{name}.png"
            render.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(to_uint8(render_one(generator, ws, "const").unsqueeze(0))[0].numpy()).save(render)
            number = len(self.results)
            record = {"name": name, "status": "done", "steps": 30, "file": str(path)}
            record |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "loss_pixel": 0.25}
            record |= {"psnr": 20.0 + (7 * number) % 10, "loss": 0.5 / (number + 1), "w_avg_distance": 3.0}
            self.results.append(Result(record | facts, {"ws": ws}))
        write_shard(self.folder / "latents" / "000000-000.safetensors", self.results, self.run)
        return self

    def keep(self):
        """Keep the pictures as ``fit`` does."""
        embedding = self.embedding
        for name, record in embedding.metrics.items():
            seen, target = self.render(name), self.target(name)
            pictures_of(embedding, self.page).write(record, seen, target, CURVE)
        return self

    def report(self):
        """Write the page, and give its address."""
        write_report(self.embedding, self.page, self.folder)
        return self.page.as_uri()

    @property
    def page(self):
        return self.folder / "report.html"

    @property
    def embedding(self):
        return load_embedding(self.folder)

    def target(self, name):
        return np.asarray(Image.open(self.data / f"{name}.png"))

    def render(self, name):
        return np.asarray(Image.open(self.folder / "renders" / f"{name}.png"))


@pytest.fixture(scope="session")
def curve():
    """Give the curve of every picture that is kept."""
    return CURVE


@pytest.fixture
def run(tmp_path, generator_file):
    """Give an empty run folder to add results to."""
    return Run(tmp_path, generator_file)


@pytest.fixture(scope="session")
def five(tmp_path_factory, generator_file):
    """Give a finished run of five pictures; one failed, one was stopped early. Not to be changed."""
    made = Run(tmp_path_factory.mktemp("five"), generator_file)
    made.add(["anna", "ben", "sub/carl"])
    made.add(["dora"], status="failed", loss=float("nan"))
    made.add(["Ernst"], status="early", steps=12)
    made.keep().report()
    return made


@pytest.fixture(scope="session")
def many(tmp_path_factory, generator_file):
    """Give the report of 10,000 made-up results; few have pictures, the last among them. Not to be changed."""
    made = Run(tmp_path_factory.mktemp("many"), generator_file)
    made.run["generator"]["sha256"] = "of another one"  # no verdicts: they are not what this is about
    chance = np.random.default_rng(0)
    for i, psnr in enumerate(chance.permutation(10_000) / 100):
        record = {"name": f"{i // 1000:02d}/{i:05d}", "status": "early" if i % 10 else "done", "psnr": float(psnr)}
        made.results.append(Result(record, {"ws": torch.zeros(2, 3)}))
    write_shard(made.folder / "latents" / "000000-000.safetensors", made.results, made.run)
    embedding = made.embedding
    pixels = chance.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    for i in [*range(70), -1]:
        facts = Facts([9, 19], [1.0, 0.5 + (i if i >= 0 else 33.5) / 100])  # the last one lies among the others
        pictures_of(embedding, made.page).write(embedding.metrics[embedding.names[i]], pixels, pixels, facts)
    write_report(embedding, made.page, made.folder)
    return made
