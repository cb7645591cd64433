"""Small networks and pictures, and one way to embed them in-process."""

import json
import os
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

os.environ.setdefault("WANDB_MODE", "disabled")
sys.path.append(str(Path(__file__).parents[1] / "scripts"))  # offline_run reads what Weights and Biases wrote


@pytest.fixture(autouse=True)
def one_thread():
    """Bits depend on how many threads share a sum."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_run_in_progress():
    """Weights and Biases keeps a run and its settings for the whole process; a test's must not reach the next one."""
    yield
    wandb = sys.modules.get("wandb")
    if wandb is not None:
        wandb.finish()
        wandb.teardown()


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


@pytest.fixture(scope="session")
def five_pictures(tmp_path_factory):
    """Five different pictures of the tiny generator's size, to be left as they are."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for name in "abcde":
        rough = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(rough).resize((16, 16), Image.Resampling.BICUBIC).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def pictures(five_pictures, tmp_path):
    """The five pictures in a folder of the test's own."""
    return Path(shutil.copytree(five_pictures, tmp_path / "pictures"))


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
        from i2s_lightning.tasks.rounds import TRAINER_DEFAULTS

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


@pytest.fixture(scope="session")
def embed_still(generator_file, vgg_file, five_pictures):
    """The same for pictures that nobody changes, so that tests can share what comes out."""
    return Factory(generator_file, vgg_file, five_pictures)


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


class Html(HTMLParser):
    """Reads a page strictly: every element closed in order, ids unique, every picture described.

    Attributes:
        elements: Tag and attributes of each element, in order.
        text: What stands between tags, scripts and styles included.
    """

    VOID = frozenset(("br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert all("alt" in attributes for tag, attributes in self.elements if tag == "img")

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"an attribute of <{tag}> stands twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        """Give the attributes of all elements of one kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def read_html():
    """Read a page strictly: ``read_html(text).named("img")``."""
    return Html


CONTRAST = """() => {
    const parse = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => {
        const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = parse(colour).map(v => linear(v / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if ((parse(colour)[3] ?? 1) === 1) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const poor = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility({opacityProperty: true}) || element.disabled) continue;
        const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) poor.push(`${ratio.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`);
    }
    return poor;
}"""
"""WCAG 2.2, success criterion 1.4.3, over every text that can be seen; opaque grounds only."""


@pytest.fixture(scope="session")
def poor_contrasts():
    """List the texts of a page that are hard to read: ``poor_contrasts(page)``."""
    return lambda page: page.evaluate(CONTRAST)
