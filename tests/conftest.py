"""Small networks and pictures, and one way to embed them in-process."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

os.environ.setdefault("WANDB_MODE", "disabled")


@pytest.fixture(autouse=True)
def one_thread():
    """Bits depend on how many threads share a sum."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def generator_file(tmp_path_factory):
    """A 16 px StyleGAN2 whose noise, biases and mean style all matter."""
    from i2s_lightning.generators import StyleGAN2
    from i2s_lightning.generators.native import save_native

    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = StyleGAN2(z_dim=12, w_dim=16, channels=(16, 12, 8), mapping_layers=2)
        for name, tensor in generator.state().tensors.items():
            if name.endswith(("noise_strength", ".bias", "w_avg")):
                tensor.add_(torch.randn_like(tensor) * 0.3)
            if ".torgb." in name and "affine" not in name:
                tensor.mul_(0.3)  # most pixels inside [-1, 1], as a trained network's are
    path = tmp_path_factory.mktemp("networks") / "tiny.safetensors"
    save_native(generator.eval().requires_grad_(False), path)
    return path


@pytest.fixture(scope="session")
def vgg_file(tmp_path_factory):
    """A narrow VGG with random weights."""
    from i2s_lightning.features import VGG16

    with torch.random.fork_rng():
        torch.manual_seed(0)
        vgg = VGG16(channels=[3, 3, 4, 4, 5, 5, 5, 6, 6])
        for layer in vgg.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
    metadata = {
        "format": "i2s_lightning.vgg16",
        "version": "1",
        "mean": json.dumps([0.5] * 3),
        "std": json.dumps([0.2] * 3),
    }
    path = tmp_path_factory.mktemp("networks") / "vgg.safetensors"
    save_file(vgg.state_dict(), path, metadata)
    return path


@pytest.fixture
def pictures(tmp_path):
    """Five different pictures of the tiny generator's size."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in "abcde":
        rough = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(rough).resize((16, 16), Image.Resampling.BICUBIC).save(folder / f"{name}.png")
    return folder


class Factory:
    """Builds tasks on the small networks, and runs them."""

    def __init__(self, generator: Path, vgg: Path, folder: Path) -> None:
        self.generator, self.vgg, self.folder = generator, vgg, folder

    def losses(self):
        """Every loss that embeds pictures."""
        from i2s_lightning.losses import PerceptualLoss, PixelLoss, StyleLoss

        return {
            "pixel": PixelLoss(),
            "perceptual": PerceptualLoss(vgg=self.vgg),
            "style": StyleLoss(weight=0.5, vgg=self.vgg),
        }

    def task(self, out, **options):
        """Build a task."""
        from i2s_lightning.tasks.embed import Embed

        defaults = {"generator": str(self.generator), "steps": 6, "losses": self.losses(), "out": str(out)}
        return Embed(**(defaults | options))

    def data(self, path=None, batch_size=2, **options):
        """Build the data."""
        from i2s_lightning.data.module import EmbedData

        return EmbedData(path=str(path or self.folder), batch_size=batch_size, **options)

    def trainer(self, out, callbacks=(), precision="32-true", **options):
        """Build a trainer as quiet as can be."""
        from i2s_lightning.cli import TRAINER_DEFAULTS

        defaults = TRAINER_DEFAULTS | {
            "accelerator": "cpu",
            "devices": 1,
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "log_every_n_steps": 1,
        }
        return pl.Trainer(default_root_dir=out, callbacks=list(callbacks), precision=precision, **(defaults | options))

    def fit(self, out, *, path=None, batch_size=2, callbacks=(), trainer=None, ckpt_path=None, data=None, **options):
        """Embed, and give what the store holds."""
        from i2s_lightning import load_embedding

        task = self.task(out, **options)
        engine = self.trainer(out, callbacks, **(trainer or {}))
        engine.fit(task, self.data(path, batch_size, **(data or {})), ckpt_path=ckpt_path)
        return load_embedding(out)


@pytest.fixture
def embed(generator_file, vgg_file, pictures):
    """Embed pictures with small networks: ``embed.fit(out, ...)``."""
    return Factory(generator_file, vgg_file, pictures)


CHROMIUM_FLAGS = (
    "--no-sandbox",  # tests run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium():
    """A real browser without a window; tests that need one are skipped, visibly, where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A fresh page of it, which fails the test when a script on it fails."""
    problems: list[str] = []
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []
