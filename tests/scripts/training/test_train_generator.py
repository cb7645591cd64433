import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from i2s_lightning import edits
from i2s_lightning.generators import load_generator

SCRIPT = Path(__file__).parents[3] / "scripts" / "train_generator.py"
pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's own, which a script may leave to its user


def train(folder, monkeypatch, *more):
    words = [f"--data.path={folder}/data.npz", "--data.batch_size=4", f"--out={folder}/run", "--model.channels=[8,8,4]"]
    words += ["--model.z_dim=128", "--model.w_dim=16", "--model.mapping_layers=2", "--save_every=2", "--sheet_every=2"]
    words += ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", *more]
    monkeypatch.setattr(sys, "argv", ["train_generator.py", *words])
    runpy.run_path(str(SCRIPT), run_name="__main__")


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    images, codes = rng.integers(0, 255, (16, 16, 16, 3), np.uint8), rng.standard_normal((16, 128))
    parameters = rng.standard_normal((16, 193)).astype(np.float32)
    np.savez(tmp_path / "data.npz", images=images, codes=codes.astype(np.float32), parameters=parameters)
    return tmp_path


def export(folder, monkeypatch):
    words = [f"--weights={folder}/run/checkpoints/last.ckpt", f"--data={folder}/data.npz", "--mapping_steps=3"]
    words += [f"--expressions={folder}/expressions.safetensors"]
    monkeypatch.setattr(sys, "argv", ["export_generator.py", *words, f"--out={folder}/generator.safetensors"])
    runpy.run_path(str(SCRIPT.with_name("export_generator.py")), run_name="__main__")
    return load_generator(folder / "generator.safetensors")


def test_trains_writes_and_goes_on(data, monkeypatch, capsys):
    train(data, monkeypatch, "--trainer.max_steps=2", "--model.path=2")
    first = export(data, monkeypatch)
    assert first.img_shape == (16, 16)
    assert "misses" in capsys.readouterr().out
    assert "laugh" in edits.load_directions(data / "expressions.safetensors", first)
    assert (data / "run/samples/000000k.png").exists()
    train(data, monkeypatch, "--trainer.max_steps=4")
    last = torch.load(data / "run/checkpoints/last.ckpt", weights_only=False)
    assert last["global_step"] == 4
    assert int(last["state_dict"]["seen"]) == 16
    assert export(data, monkeypatch).sha256 != first.sha256


def test_a_finished_generator_has_no_expressions_to_write(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["export", "--weights=g.safetensors", "--out=o.safetensors", "--expressions=e"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT.with_name("export_generator.py")), run_name="__main__")
    assert "--expressions needs a checkpoint" in capsys.readouterr().err


def test_regression_alone_leaves_the_discriminator_as_it_is(data, monkeypatch):
    alone = ["--model.adversarial=0", "--model.feature=0"]
    train(data, monkeypatch, "--trainer.max_steps=1", *alone)
    before = torch.load(data / "run/checkpoints/last.ckpt", weights_only=False)["state_dict"]
    train(data, monkeypatch, "--trainer.max_steps=3", *alone)
    after = torch.load(data / "run/checkpoints/last.ckpt", weights_only=False)["state_dict"]
    same = {name: torch.equal(before[name], after[name]) for name in before}
    assert all(value for name, value in same.items() if name.startswith("discriminator."))
    assert not same["generator.synthesis.b16.conv1.weight"]
