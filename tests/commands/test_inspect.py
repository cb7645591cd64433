from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.commands.inspect import main
from i2s_lightning.errors import ConfigError, I2SError, UnsupportedWeightsError
from i2s_lightning.generators import load_generator


@pytest.fixture(scope="session")
def golden():
    return Path(__file__).parents[1] / "golden"


def _pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def _words(capsys):
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "nv_stylegan2_ada_pytorch/sg2ada_cond32.pkl",
            ["StyleGAN2, architecture skip", "32 x 32, RGB", "8 styles of 64", "labels of 3", "4:24 8:24 16:24 32:16"],
        ),
        ("nv_stylegan3/sg3t_32.pkl", ["StyleGAN3, configuration T", "noise maps none", "clamp 256", "16 styles of 64"]),
        ("nv_stylegan3/sg3r_256_narrow.pkl", ["StyleGAN3, configuration R", "256 x 256, RGB", "32 numbers"]),
        (
            "nv_tf/tf_sg1_32.pkl",
            ["StyleGAN1", "TensorFlow pickle (version 3)", "w_avg from the file", "layers 4 4 8 8"],
        ),
        (
            "lernapparat/lern_sg1_32.for_g_all.pt",
            ["w_avg computed from 10,000 samples (seed 0)", "note holds no noise maps", "condition none"],
        ),
    ],
)
def test_generator(name, facts, golden, capsys):
    main([str(golden / name)])
    said = _words(capsys)
    assert [fact for fact in [*facts, load_generator(golden / name).sha256] if fact not in said] == []


def test_what_was_guessed_is_said(golden, capsys):
    model = str(golden / "rosinality_sg1/ros_sg1_32.bare.model")
    main([model])
    assert "inferred resolution 1024: the last output that was trained" in _words(capsys)
    main([model, "--resolution", "32"])
    assert "inferred" not in _words(capsys)


def test_samples_are_drawn_and_depend_on_the_seed(golden, tmp_path):
    name = str(golden / "nv_stylegan2_ada_pytorch/sg2ada_res4_w128.pkl")
    for sheet, seed in (("a", 0), ("b", 0), ("c", 1)):
        main([name, "--samples", str(tmp_path / f"{sheet}.png"), "--seed", str(seed)])
    pixels = {sheet: _pixels(tmp_path / f"{sheet}.png") for sheet in "abc"}
    assert pixels["a"].shape[0] > 3 * 4
    assert np.array_equal(pixels["a"], pixels["b"])
    assert not np.array_equal(pixels["a"], pixels["c"])


def test_run_folder_and_its_checkpoint(embed, tmp_path, capsys):
    embed.fit(tmp_path / "run")
    capsys.readouterr()
    main([str(tmp_path / "run"), "--samples", str(tmp_path / "s.png")])
    said = _words(capsys)
    assert "embedding 5 pictures" in said
    assert "6 x 16, space w_plus" in said
    assert "psnr" in said
    assert _pixels(tmp_path / "s.png").shape[1] > 4 * 16


def test_imported_embedding(generator_file, tmp_path, capsys):
    generator = load_generator(generator_file)
    run = {
        "generator": {"file": str(generator_file), "sha256": generator.sha256},
        "settings": {"space": "w_plus", "noise": "const"},
        "imported": "latents.npy",
    }
    write_shard(
        tmp_path / "x.safetensors", [Result({"name": "a", "status": "imported"}, {"ws": torch.zeros(6, 16)})], run
    )
    main([str(tmp_path / "x.safetensors")])
    said = _words(capsys)
    assert "embedding 1 pictures: 1 imported" in said
    assert f"SHA-256 {generator.sha256}" in said
    assert "imported latents.npy" in said


def test_another_tools_latents(tmp_path, capsys):
    np.save(tmp_path / "latents.npy", np.zeros((2, 18, 512), "f4"))
    main([str(tmp_path / "latents.npy")])
    assert "latents of 2 pictures" in _words(capsys)
    with pytest.raises(ConfigError, match="`convert` them first"):
        main([str(tmp_path / "latents.npy"), "--samples", str(tmp_path / "s.png")])


def test_exception(golden, tmp_path):
    with pytest.raises(UnsupportedWeightsError, match="expected a weight file or one of"):
        main([str(tmp_path / "nothing.pkl")])
    (tmp_path / "x.pkl").write_bytes(b"<html>")
    with pytest.raises(UnsupportedWeightsError, match="HTML page"):
        main([str(tmp_path / "x.pkl")])
    name = str(golden / "nv_tf/tf_sg1_32.pkl")
    with pytest.raises(ConfigError, match="expected a picture's ending"):
        main([name, "--samples", str(tmp_path / "s.sheet")])
    (tmp_path / "file").touch()
    with pytest.raises(I2SError, match="can't be written"):
        main([name, "--samples", str(tmp_path / "file" / "s.png")])
