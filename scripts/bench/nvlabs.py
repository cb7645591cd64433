"""NVIDIA's own projector, from a checkout that the user has (github.com/NVlabs/stylegan2-ada-pytorch), as it ships.

Its loop runs as it is, on the tensors of our generator. It embeds one picture into W and maps of noise and compares all
five blocks of VGG-16; ours embeds into W+ and compares the paper's four layers. So the figures say what users of either
get, not what the implementation gains: that is what the ``same`` cases are for.

Its VGG-16 is a download. Ours stands in where it wants that file: the same layers, the first nine with the weights that
ship with this package, the last four random.
"""

import os
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from bench.harness import Case, Step, Values, Variant
from bench.steps import SHIPPED, start
from torch import Tensor, nn
from torch.nn import functional as F

from i2s_lightning.features import load_vgg
from i2s_lightning.generators.base import Generator
from i2s_lightning.generators.native import save_native

CHECKOUT = "BENCH_NVLABS"
"""The variable of the environment that holds its path."""
STEPS = 4
"""Timed ones a turn."""


def peer(resolution: int) -> Step:
    """Run the projector."""
    sys.path.insert(0, os.environ[CHECKOUT])
    import dnnlib
    import projector
    from training import networks

    ours, ws, target = start(resolution, 1)
    network = _rebuilt(ours, networks)
    pixels = (target[0] + 1) * (255 / 2)
    image = network.synthesis(ws[:1], noise_mode="const").detach()
    dnnlib.util.open_url = _served(tempfile.mkdtemp())

    def step() -> Values:
        projector.project(network, pixels, num_steps=STEPS + 1, w_avg_samples=100, device=torch.device("cpu"))
        return {"image": image}

    return step


def ours(resolution: int, batch: int) -> Step:
    """Run ``fit`` on as many pictures, by Lightning's Trainer and all."""
    from bench.product import embedding_run

    generator, ws, targets = start(resolution, batch)
    image = generator.synthesis(ws[:1]).detach()
    folder = Path(tempfile.mkdtemp())
    save_native(generator, folder / "generator.safetensors")

    def step() -> Values:
        embedding_run(folder, folder / "generator.safetensors", targets, STEPS + 1)
        return {"image": image}

    return step


def case(resolution: int, batch: int) -> Case:
    """Compare a step as either ships; a peer that takes one picture takes each by itself."""
    system, theirs = {"HEAP": "system"}, partial(peer, resolution)
    variants = [
        Variant("NVlabs' projector", theirs, environment=system, pictures=1),
        Variant("NVlabs' projector, heap kept", theirs, pictures=1),
        Variant("ours, float32", partial(ours, resolution, batch)),
    ]
    return Case(f"nvlabs-{resolution}-{batch}", "shipped", batch, variants, repeats=3)


def _rebuilt(ours: Generator, networks: Any) -> Any:
    """Build the peer's network on our tensors, which have its names."""
    channels, shape = ours.config["channels"], ours.config
    network = networks.Generator(
        z_dim=shape["z_dim"],
        c_dim=0,
        w_dim=shape["w_dim"],
        img_resolution=ours.img_resolution,
        img_channels=ours.img_channels,
        mapping_kwargs={
            "num_layers": shape["mapping_layers"],
            "layer_features": shape["layer_features"],
            "activation": shape["mapping_activation"],
            "lr_multiplier": shape["mapping_lr_multiplier"],
        },
        synthesis_kwargs={"channel_base": channels[-1] * ours.img_resolution, "channel_max": channels[0]},
    )
    network.load_state_dict(ours.state().tensors)
    return network.eval().requires_grad_(False)


class _Features(nn.Module):
    """What the projector expects of its ``vgg16.pt``: all activations in one vector, of unit length at each pixel."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        vgg = load_vgg("hed")
        last = [nn.Conv2d(512, 512, 3, padding=1) for _ in range(4)]
        layers = [*vgg.features, last[0], nn.ReLU(), nn.MaxPool2d(2)]
        layers += [layer for convolution in last[1:] for layer in (convolution, nn.ReLU())]
        ends = (4, 9, 16, 23, 30)  # conv1_2, conv2_2, conv3_3, conv4_3, conv5_3
        self.blocks = nn.ModuleList(nn.Sequential(*layers[a:b]) for a, b in zip((0, *ends), ends, strict=False))
        self.register_buffer("scale", vgg.scale / 127.5)
        self.register_buffer("shift", vgg.shift - vgg.scale)

    def forward(self, x: Tensor, resize_images: bool, return_lpips: bool) -> Tensor:
        x = x * self.scale + self.shift
        found: list[Tensor] = []
        for block in self.blocks:
            x = block(x)
            found.append((F.normalize(x) / float(x.shape[2] * x.shape[3]) ** 0.5).flatten(1))
        return torch.cat(found, dim=1)


def _served(folder: str) -> Any:
    """Give the function that the peer downloads with one answer."""
    path = Path(folder) / "vgg16.pt"
    torch.jit.script(_Features().requires_grad_(False)).save(str(path))

    @contextmanager
    def open_url(url: str, **options: Any) -> Any:
        assert url.endswith("vgg16.pt"), url
        with path.open("rb") as file:
            yield file

    return open_url


CASES = [case(SHIPPED, 1), case(256, 1), case(256, 4), case(1024, 1)]
