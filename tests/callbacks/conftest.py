"""Runs of the whole command line on the tiny generator, with a logger."""

import json

import pytest


@pytest.fixture(scope="module")
def module_patch():
    """A monkeypatch for fixtures of a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def offline(module_patch, tmp_path_factory):
    """Weights and Biases without a network, below a folder; its logger sets a variable, which is taken back."""
    folder = tmp_path_factory.mktemp("offline")
    module_patch.setenv("WANDB_MODE", "offline")
    module_patch.setenv("WANDB_SILENT", "true")
    module_patch.setenv("I2S_CACHE", str(folder / "i2s"))
    module_patch.setattr("i2s_lightning.edits.space.SAMPLES", 500)
    for name in ("DATA", "CACHE", "CONFIG"):
        module_patch.setenv(f"WANDB_{name}_DIR", str(folder / name.lower()))
    return folder


@pytest.fixture(scope="module")
def words(generator_file, vgg_file, five_pictures):
    """Give the words of a small ``fit``: 2 pictures at a time, 6 steps in rounds of 3."""
    losses = {
        "pixel": {"class_path": "PixelLoss"},
        "perceptual": {"class_path": "PerceptualLoss", "init_args": {"vgg": str(vgg_file)}},
    }

    def words(out, *more):
        return [
            "fit",
            f"--out={out}",
            f"--model.generator={generator_file}",
            f"--model.losses={json.dumps(losses)}",
            f"--data.path={five_pictures}",
            "--model.steps=6",
            "--model.round_steps=3",
            "--data.batch_size=2",
            "--trainer.accelerator=cpu",
            "--trainer.log_every_n_steps=1",
            "--trainer.enable_progress_bar=false",
            *more,
        ]

    return words
