"""Experiments without the work: embeddings are made up, everything else is real."""

import hashlib
from typing import ClassVar

import pytest
import torch

from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.experiments.gallery import Gallery
from i2s_lightning.experiments.lab import Lab, Setup
from i2s_lightning.experiments.plan import plans
from i2s_lightning.generators import load_generator
from i2s_lightning.metrics import PerceptualDistance


class PaperLab(Lab):
    """Writes what ``fit`` would, at once: latents and scores are a function of the picture's name and the settings."""

    scores: ClassVar[dict] = {}
    vgg: ClassVar[str] = "auto"

    @property
    def perceptual(self):
        return PerceptualDistance(vgg=self.vgg)

    def _fit(self, folder, names, difference):
        model = self.settings["model"] | difference.get("model", {})
        generator = load_generator(model["generator"])
        results = [self.result(name, model, generator) for name in names]
        run = {
            "generator": {
                "file": str(model["generator"]),
                "sha256": generator.sha256,
                "num_ws": generator.num_ws,
                "w_dim": generator.w_dim,
                "img_shape": list(generator.img_shape),
                "img_channels": generator.img_channels,
            },
            "settings": {"space": model["space"], "noise": "const", "label": None, "data": Preprocess().describe()},
        }
        curves = {name: ([0, 5, 10], [3.0, 2.0 - 0.1 * i, 1.0]) for i, name in enumerate(names)}
        (folder / "checkpoints").mkdir(exist_ok=True, parents=True)
        torch.save({"callbacks": {"LossCurves": {"curves": curves}}}, folder / "checkpoints" / "last.ckpt")
        write_shard(folder / "latents" / f"{len(list(folder.glob('latents/*'))):06d}-000.safetensors", results, run)

    def result(self, name, model, generator):
        digest = hashlib.sha256(f"{name} {sorted(map(str, model.items()))}".encode()).digest()
        random = torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
        ws = generator.w_avg + 0.3 * torch.randn(generator.num_ws, generator.w_dim, generator=random)
        values = torch.rand(5, generator=random).tolist()
        keys = ("psnr", "ssim", "perceptual", "loss", "w_avg_distance")
        record = dict(zip(keys, values, strict=True)) | {"name": name, "status": "done", "steps": 1, "best_step": 1}
        record |= {"sha256": self.gallery.sha256(name), "file": str(self.gallery.path(name))}
        record |= self.scores.get(name, {})
        tensors = {"ws": ws} | ({} if model["space"] == "w_plus" else {model["space"]: ws[0]})
        return Result(record, tensors)


@pytest.fixture
def lab(generator_file, vgg_file, tmp_path, monkeypatch):
    """Make a lab of an experiment on the tiny generator: ``lab("classes", preset="paper")``."""

    monkeypatch.setattr(PaperLab, "vgg", vgg_file)

    def lab(name, images=None, others=(), **options):
        files = [str(generator_file), *others]
        setup = Setup(tmp_path / "out", generators=files, images=images or {}, **options)
        return PaperLab(setup, plans()[name], Gallery(tmp_path / "out" / "pictures", setup.images))

    return lab
