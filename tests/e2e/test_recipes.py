"""Every recipe keeps what Adam promises: pictures apart from one another, and bits through a cut."""

from pathlib import Path

import pytest
import torch

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main
from i2s_lightning.encoders import Encoder, save_encoder
from i2s_lightning.generators import load_generator

CONFIGS = Path(__file__).parents[2] / "configs"
RECIPES = ("paper", "embed", "fast", "draft")


@pytest.fixture
def embed(generator_file, vgg_file, pictures, tmp_path, monkeypatch):
    """Embed with a recipe, small networks and few steps; what is not about the cost stays as the recipe says."""
    monkeypatch.chdir(tmp_path)
    generator = load_generator(generator_file)
    torch.manual_seed(0)
    encoder = Encoder(3, (16, 16), generator.num_ws, generator.w_dim, widths=(8, 8), features=4)
    encoder.attach(generator, 0.5)
    save_encoder(encoder, "encoder.safetensors")

    def run(recipe, out, *more, path=pictures):
        words = ["fit", f"--config={CONFIGS / recipe}.yaml", f"--model.generator={generator_file}", f"--out={out}"]
        words += [f"--model.losses.perceptual.init_args.vgg={vgg_file}", "--model.steps=6", f"--data.path={path}"]
        words += ["--data.batch_size=3", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
        words += [] if recipe == "paper" else ["--model.init=encoder.safetensors"]
        assert main([*words, *more]) == 0
        return load_embedding(out)

    return run


@pytest.mark.parametrize("recipe", RECIPES)
def test_company_does_not_change_a_bit(embed, pictures, recipe):
    full = embed(recipe, "full")
    assert torch.equal(full["b"], embed(recipe, "alone", path=pictures / "b.png")["b"])


def test_a_line_search_tries_whole_steps(embed):
    """Whatever the default optimiser's learning rate is: jsonargparse keeps options that two classes share."""
    assert embed("draft", "run").run["settings"]["optimizer"]["options"]["lr"] == 1.0


@pytest.mark.parametrize("recipe", RECIPES)
def test_cut_and_resumed_is_bit_identical(embed, recipe, capsys):
    whole = embed(recipe, "whole")
    embed(recipe, "cut", "--trainer.max_steps=4", "--checkpoint.every_n_train_steps=1")
    assert "Going on from" not in capsys.readouterr().out
    cut = embed(recipe, "cut")
    assert "Going on from" in capsys.readouterr().out
    assert whole.names == cut.names
    for name in whole.names:
        assert torch.equal(whole[name], cut[name])
        assert whole.metrics[name]["loss"] == cut.metrics[name]["loss"]
