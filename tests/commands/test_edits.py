"""The edits on the command line: options, outputs, refusals."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from i2s_lightning import edits, load_embedding, load_generator
from i2s_lightning.__main__ import main
from i2s_lightning.generators import build, save_native
from i2s_lightning.ops.images import to_uint8

QUIET = ["--trainer.accelerator", "cpu", "--trainer.devices", "1", "--trainer.enable_progress_bar", "false"]


def frames(folder):
    return np.stack([np.array(Image.open(file)) for file in sorted(folder.glob("*.png"))])


def pixels(edit):
    return to_uint8(edit.render()).numpy()


CASES = {
    "morph --images ann bob carol --frames 5": lambda e: edits.morph(e, ["ann", "bob", "carol"], 5),
    "morph --images ann bob --frames 4 --timing eased --loop true --schedule 0-1=0:0.5 2=0.5:1": lambda e: edits.morph(
        e, ["ann", "bob"], 4, timing="eased", loop=True, schedule=["0-1=0:0.5", "2=0.5:1"]
    ),
    "mix --content ann bob --style carol --layers 2-3,5": lambda e: edits.mix(
        e, ["ann", "bob"], "carol", layers=[2, 3, 5]
    ),
    "mix --content ann --style carol --layers 4 --weight 0.5": lambda e: edits.mix(
        e, "ann", "carol", layers=4, weight=0.5
    ),
    "transfer --target ann --neutral bob --expression carol --difference shared --strength 2": (
        lambda e: edits.transfer(e, "ann", "bob", "carol", strength=2, difference="shared")
    ),
    "transfer --target ann --neutral bob --expression carol --strength -1:1.5:3 2 --threshold 0.5": (
        lambda e: edits.transfer(e, "ann", "bob", "carol", strength=[-1, 0.25, 1.5, 2], threshold=0.5)
    ),
    "truncate --images ann bob --psi 1:0:3 --layers coarse": lambda e: edits.truncate(
        e, ["ann", "bob"], psi=[1, 0.5, 0], layers="coarse"
    ),
}


@pytest.mark.parametrize("words", CASES)
def test_commands_write_what_python_renders(run, tmp_path, words):
    out = tmp_path / "frames"
    assert main([*words.split(), "--embedding", run, "--out", str(out), *QUIET]) == 0
    assert np.array_equal(frames(out), pixels(CASES[words](load_embedding(run))))


@pytest.mark.parametrize("ending", [".mp4", ".gif", ".webp", ".png"])
def test_the_ending_decides_the_form(run, tmp_path, ending, capsys):
    if ending == ".mp4":
        pytest.importorskip("av")
    out = tmp_path / "sub" / f"morph{ending}"
    words = ["morph", "--embedding", run, "--images", "ann", "bob", "--frames", "3", "--scale", "2", "--out", str(out)]
    assert main([*words, *QUIET]) == 0
    assert out.stat().st_size > 100
    assert capsys.readouterr().out.endswith(f"wrote {out}\n")


def test_a_transfer_is_limited_to_directions_of_a_file(run, tmp_path):
    embedding, file = load_embedding(run), str(tmp_path / "d.safetensors")
    edits.save_directions(file, edits.find_sefa(embedding.generator, 2), embedding.generator)
    words = ["transfer", "--target", "ann", "--neutral", "bob", "--expression", "carol", "--threshold", "0"]
    out = ["--out", str(tmp_path / "frames"), *QUIET]
    assert main([*words, "--embedding", run, "--within", file, *out]) == 0
    limited, free = (
        edits.transfer(embedding, "ann", "bob", "carol", threshold=0, within=within) for within in (file, None)
    )
    assert np.array_equal(frames(tmp_path / "frames"), pixels(limited))
    assert not torch.allclose(limited.ws, free.ws, atol=1e-3)


def test_directions_of_another_generator_may_be_forced(run, tmp_path, capsys):
    embedding, file = load_embedding(run), tmp_path / "d.safetensors"
    embedding.generator.sha256 = "f" * 64
    edits.save_directions(file, edits.find_sefa(embedding.generator, 1), embedding.generator)
    words = ["transfer", "--target", "ann", "--neutral", "bob", "--expression", "carol", "--within", str(file)]
    words += ["--embedding", run, "--out", str(tmp_path / "frames"), *QUIET]
    assert main(words) == 1
    assert "directions of another generator" in capsys.readouterr().err
    assert main([*words, "--force", "true"]) == 0
    assert len(frames(tmp_path / "frames")) == 1


def test_options_come_from_a_file_and_are_overridden(run, tmp_path):
    config = {"embedding": run, "target": ["ann"], "neutral": "bob", "expression": ["carol"], "threshold": 0}
    config |= {"strength": ["0:1:2", 3], "layers": 2, "out": str(tmp_path / "frames")}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    assert main(["transfer", "--config", str(tmp_path / "c.yaml"), "--target", "bob", "ann", *QUIET]) == 0
    edit = edits.transfer(
        load_embedding(run), ["bob", "ann"], "bob", "carol", strength=[0, 1, 3], threshold=0, layers=2
    )
    assert np.array_equal(frames(tmp_path / "frames"), pixels(edit))


def test_the_printed_config_is_one(run, tmp_path, capsys):
    words = ["morph", "--embedding", run, "--images", "ann", "bob", "--out", str(tmp_path / "frames"), *QUIET]
    with pytest.raises(SystemExit) as exit_:
        main([*words, "--frames", "3", "--print_config"])
    assert exit_.value.code == 0
    (tmp_path / "c.yaml").write_text(capsys.readouterr().out)
    assert main(["morph", "--config", str(tmp_path / "c.yaml")]) == 0
    assert len(frames(tmp_path / "frames")) == 3


def test_many_at_once_is_the_same_but_for_rounding(run, tmp_path):
    words = ["morph", "--embedding", run, "--images", "ann", "bob", "--frames", "7"]
    main([*words, "--batch_size", "3", "--out", str(tmp_path / "frames"), *QUIET])
    expected = pixels(edits.morph(load_embedding(run), ["ann", "bob"], 7)).astype(int)
    got = frames(tmp_path / "frames")
    assert abs(got - expected).max() <= 1
    assert np.array_equal(got[[0, 6]], expected[[0, 6]])


def test_the_trainers_options_work(run, tmp_path):
    words = ["morph", "--embedding", run, "--images", "ann", "bob", "--frames", "3", "--out", str(tmp_path / "frames")]
    logger = ["--trainer.logger", "CSVLogger", "--trainer.logger.save_dir", str(tmp_path / "logs")]
    assert main([*words, *QUIET, *logger, "--trainer.precision", "64-true"]) == 0
    expected = pixels(edits.morph(load_embedding(run), ["ann", "bob"], 3)).astype(int)
    assert abs(frames(tmp_path / "frames") - expected).max() <= 1
    logged = yaml.safe_load(next((tmp_path / "logs").rglob("hparams.yaml")).read_text())
    assert logged["edit/frames"]["images"] == ["ann", "bob"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("morph --images ann bop", "no picture 'bop' among the 3 embedded ones; close: bob"),
        ("mix --content ann --style bob --layers 3-9", "3-9 does not fit; this generator has 6 layers, 0 to 5"),
        ("morph --images ann bob --batch_size 0", "batch_size must be at least 1; got 0"),
        ("truncate --images ann --psi x", "expected a number or start:stop:count"),
        ("morph --images ann bob --generator faces64", "not the generator of this embedding"),
        ("morph --images ann bob --generator faces64 --force true", "styles are 6 x 16, those of this generator 10"),
        ("morph --images ann bob --embedding nowhere", "no embedding at nowhere"),
    ],
)
def test_mistakes_are_told_in_one_line(run, tmp_path, words, message, capsys):
    words = words.split()
    where = [] if "--embedding" in words else ["--embedding", run]
    assert main([*words, *where, "--out", str(tmp_path / "frames"), *QUIET]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "frames").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("morph --images ann bob --framez 3", "framez"),
        ("morph --images ann bob --timing slow", "timing"),
        ("mix --content ann", "style"),
    ],
)
def test_options_that_do_not_exist(run, words, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([*words.split(), "--embedding", run, "--out", "x.png"])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_another_generator_is_taken_by_force(run, tmp_path, generator_file):
    other = load_generator(generator_file)
    other.state().tensors["synthesis.b16.torgb.bias"] += 0.5
    save_native(build(other.state()), tmp_path / "tuned.safetensors")
    words = ["morph", "--embedding", run, "--images", "ann", "bob", "--frames", "2", "--out", str(tmp_path / "frames")]
    words += ["--generator", str(tmp_path / "tuned.safetensors"), *QUIET]
    assert main(words) == 1
    assert main([*words, "--force", "true"]) == 0
    plain = pixels(edits.morph(load_embedding(run), ["ann", "bob"], 2))
    assert frames(tmp_path / "frames").mean() > plain.mean() + 20


def popen(*words):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "i2s_lightning", *words], env=environment, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_two_processes_write_what_one_does(run, tmp_path):
    out = tmp_path / "frames"
    words = ["morph", "--embedding", run, "--images", "ann", "bob", "--frames", "7", "--out", str(out)]
    process = popen(*words, "--trainer.accelerator", "cpu", "--trainer.devices", "2", "--batch_size", "2")
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error.decode()[-2000:]
    got, expected = frames(out), pixels(edits.morph(load_embedding(run), ["ann", "bob"], 7)).astype(int)
    assert len(got) == 7
    assert abs(got - expected).max() <= 1
