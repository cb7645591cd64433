"""The same config embeds into any family: only the generator's line differs."""

from pathlib import Path

import pytest

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"

FILES = {
    "stylegan1, TensorFlow": "nv_tf/tf_sg1_32.pkl",
    "stylegan1, no noise maps": "lernapparat/lern_sg1_32.for_g_all.pt",
    "stylegan2, conditional": "nv_stylegan2_ada_pytorch/sg2ada_cond32.pkl",
    "stylegan2, resnet": "nv_stylegan2_ada_pytorch/sg2ada_resnet32.pkl",
    "stylegan2, 4 px": "nv_stylegan2_ada_pytorch/sg2ada_res4_w128.pkl",
    "stylegan3": "nv_stylegan3/sg3t_32.pkl",
}


def fit(file, pictures, out, *words):
    config = f"--config={ROOT / 'configs' / 'embed.yaml'}"
    common = [f"--data.path={pictures}", "--model.steps=4", "--trainer.accelerator=cpu", f"--out={out}"]
    return main(["fit", config, f"--model.generator={GOLDEN / file}", *common, *words])


@pytest.mark.parametrize("family", [f for f in FILES if "4 px" not in f])
def test_one_config_for_all(family, pictures, tmp_path):
    assert fit(FILES[family], pictures, tmp_path / "run") == 0
    stored = load_embedding(tmp_path / "run")
    assert stored.names == list("abcde")
    assert stored.run["generator"]["family"] == family.split(",")[0]
    assert stored.render(["a"]).shape == (1, 3, 32, 32)
    assert all(r["status"] == "done" and r["best_step"] > 0 for r in stored.metrics.values())


def test_z_of_a_conditional_generator_needs_its_label(pictures, tmp_path, capsys):
    assert fit(FILES["stylegan2, conditional"], pictures, tmp_path / "run", "--model.space=z") == 1
    assert "conditional (3 classes): z needs --model.label" in capsys.readouterr().err
    assert fit(FILES["stylegan2, conditional"], pictures, tmp_path / "run", "--model.space=z", "--model.label=2") == 0


def test_noise_of_its_own_needs_noise_inputs(pictures, tmp_path, capsys):
    assert fit(FILES["stylegan3"], pictures, tmp_path / "run", "--model.noise=fixed") == 1
    assert "(stylegan3) has none" in capsys.readouterr().err


def test_a_generator_too_small_for_vgg(pictures, tmp_path, capsys):
    assert fit(FILES["stylegan2, 4 px"], pictures, tmp_path / "run") == 1
    assert "conv4_2 needs 8 pixels a side; got 4 x 4. Leave VGG's losses out" in capsys.readouterr().err
    pixel = '--model.losses={"pixel": {"class_path": "PixelLoss"}}'
    assert fit(FILES["stylegan2, 4 px"], pictures, tmp_path / "other", pixel) == 0
    assert load_embedding(tmp_path / "other").render(["a"]).shape == (1, 3, 4, 4)
