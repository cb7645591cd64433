"""The command line in-process, as ``python -m i2s_lightning`` runs it."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main

CONFIGS = Path(__file__).parents[2] / "configs"
FIT = [p for p in sorted(CONFIGS.glob("*.yaml")) if p.read_text().startswith("# scripts/run fit --config")]


@pytest.fixture
def options(generator_file, vgg_file, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return [
        f"--model.generator={generator_file}",
        "--model.losses=null",
        f"--data.path={pictures}",
        "--data.batch_size=3",
        "--model.steps=4",
        "--trainer.log_every_n_steps=1",
        "--trainer.accelerator=cpu",
        f"--out={tmp_path / 'run'}",
    ]


def test_fit_leaves_what_it_says(options, tmp_path, capsys):
    assert main(["fit", *options]) == 0
    run = tmp_path / "run"
    for name in (
        "config.yaml",
        "embedding.json",
        "report.html",
        "contact_sheet.png",
        "loss_curves.png",
        "checkpoints/last.ckpt",
    ):
        assert (run / name).is_file(), name
    assert sorted(p.name for p in (run / "renders").iterdir()) == [f"{n}.png" for n in "abcde"]
    with (run / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["name"] for r in rows] == list("abcde")
    assert list(rows[0])[:3] == ["name", "status", "psnr"]
    said = capsys.readouterr().out
    assert "contact_sheet.png" in said
    assert "report.html" in said
    assert "python -m i2s_lightning test" in said
    Image.open(run / "contact_sheet.png").verify()
    assert yaml.safe_load((run / "config.yaml").read_text())["model"]["steps"] == 4
    assert (run / "logs" / "version_0" / "metrics.csv").exists()


def test_stored_pictures_are_scored_and_rendered_again(options, tmp_path, capsys):
    main(["fit", *options])
    run = tmp_path / "run"
    first = {p.name: p.read_bytes() for p in (run / "renders").iterdir()}
    for path in (run / "renders").iterdir():
        path.unlink()
    rest = [o for o in options if "steps" not in o]
    assert main(["predict", *rest]) == 0
    assert {p.name: p.read_bytes() for p in (run / "renders").iterdir()} == first
    assert main(["validate", *rest]) == 0
    assert "val/psnr" in capsys.readouterr().out
    assert main(["test", *rest]) == 0
    with (run / "test.csv").open() as file:
        again = {r["name"]: r for r in csv.DictReader(file)}
    stored = load_embedding(run).metrics
    for name in "abcde":
        assert float(again[name]["psnr"]) == pytest.approx(stored[name]["psnr"])


def test_going_on_happens_by_itself(options, capsys):
    main(["fit", *options, "--trainer.max_steps=2", "--checkpoint.every_n_train_steps=1"])
    assert "Stopped with 5 pictures to go" in capsys.readouterr().out
    main(["fit", *options])
    assert "Going on from" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["fit", *options, "--model.steps=many"])


def test_other_settings_need_restart(options, tmp_path, capsys):
    main(["fit", *options])
    assert main(["fit", *options, "--model.steps=5"]) == 1
    error = capsys.readouterr().err
    assert "steps: 4 -> 5" in error
    assert "--restart" in error
    assert main(["fit", *options, "--model.steps=5", "--restart=true"]) == 0
    assert len(list(tmp_path.glob("run.*"))) == 1  # the old results, set aside
    assert load_embedding(tmp_path / "run").metrics["a"]["steps"] == 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["fit", "--model.space=w++"],
            "Expected a typing.Literal\\['z', 'w', 'w_groups', 'w_plus'\\]. Got value: w\\+\\+",
        ),
        (["fit", "--model.stpes=3"], "unrecognized arguments: --model.stpes=3; did you mean 'model.steps'"),
        (["fit", "--config=typo.yaml"], "does not accept option 'model.stepz'; did you mean 'model.steps'"),
        (["fit", "--out=${nothing}"], "Interpolation key 'nothing' not found|nothing"),
        (["fti"], "no verb 'fti'; did you mean 'fit'"),
    ],
)
def test_mistakes_are_answered_in_a_line(words, message, capsys, tmp_path, monkeypatch):
    import re

    monkeypatch.chdir(tmp_path)
    (tmp_path / "typo.yaml").write_text("model: {stepz: 3}")
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(main(words))
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert len(error.splitlines()) < 30


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit", "--model.generator=nobody"], "nobody"),
        (["fit", "--data.path=/no/where"], "/no/where"),
        (["fit", "--model.init=meen"], "init must be one of"),
    ],
)
def test_errors_of_the_user_exit_with_one(words, message, capsys, tmp_path):
    assert main([*words, f"--out={tmp_path / 'run'}", "--trainer.accelerator=cpu"]) == 1
    assert message in capsys.readouterr().err


def test_unreadable_pictures_are_listed_at_the_start_or_skipped(options, pictures, tmp_path, capsys):
    (pictures / "empty.png").touch()
    (pictures / "page.png").write_text("<html>not found</html>")
    assert main(["fit", *options]) == 1
    error = capsys.readouterr().err
    assert "2 of 7 pictures can't be read" in error
    assert "empty.png" in error
    assert "page.png" in error
    assert main(["fit", *options, "--data.on_bad_image=skip"]) == 0
    with (tmp_path / "run" / "metrics.csv").open() as file:
        rows = {r["name"]: r for r in csv.DictReader(file)}
    assert rows["empty"]["status"] == "skipped"
    assert rows["empty"]["reason"]
    assert rows["a"]["status"] == "done"


def test_there_are_configs():
    assert {"embed.yaml", "paper.yaml"} <= {p.name for p in FIT}


@pytest.mark.parametrize("config", FIT, ids=lambda p: p.name)
def test_every_config_is_complete_and_accepted(config, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fit", f"--config={config}", "--print_config", "--model.steps=77"])
    assert stop.value.code == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["model"]["steps"] == 77
    schedule = printed["model"]["lr_scheduler"]
    assert schedule is None or 77 in schedule["init_args"].values()  # ${model.steps} follows the override


def test_top_level_help_needs_no_torch():
    import subprocess
    import sys

    program = "import sys, i2s_lightning.__main__ as m; m.main(['--help']); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "fit" in done.stdout


def test_grey_and_oblong_generators(vgg_file, pictures, tmp_path):
    """Nothing assumes three channels or a square."""
    from i2s_lightning.generators import StyleGAN2
    from i2s_lightning.generators.native import save_native

    torch.manual_seed(0)
    generator = StyleGAN2(z_dim=8, w_dim=8, img_channels=1, channels=(8, 8, 8), const_size=(4, 6), mapping_layers=1)
    save_native(generator.eval().requires_grad_(False), tmp_path / "grey.safetensors")
    words = ["fit", f"--model.generator={tmp_path / 'grey.safetensors'}", f"--data.path={pictures}", "--model.steps=3"]
    assert main([*words, f"--out={tmp_path / 'run'}", "--trainer.accelerator=cpu"]) == 0
    stored = load_embedding(tmp_path / "run")
    assert stored.render(["a"]).shape == (1, 1, 16, 24)
    assert np.asarray(Image.open(tmp_path / "run" / "renders" / "a.png")).shape == (16, 24)
