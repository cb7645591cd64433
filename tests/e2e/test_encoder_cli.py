"""``fit --task encoder``, and embedding from what it leaves."""

import pytest
import yaml
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main

SMALL = ["--model.losses=null", "--model.widths=[8, 8]", "--model.features=4", "--model.size=16", "--data.batch_size=4"]


@pytest.fixture
def words(generator_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text("task: encoder\nmodel: {steps: 6, pictures_from: 1.0}\n")
    given = [f"--model.generator={generator_file}", "--trainer.accelerator=cpu", f"--out={tmp_path / 'run'}"]
    return ["fit", f"--config={tmp_path / 'small.yaml'}", *given, *SMALL]


def test_it_leaves_what_it_says_and_pictures_start_from_it(words, generator_file, pictures, tmp_path, capsys):
    assert main(words) == 0
    run = tmp_path / "run"
    said = capsys.readouterr()
    for name in ("encoder.safetensors", "encoder.png"):
        assert name in said.out
        assert (run / name).is_file()
    assert "step 1/6" in said.err
    Image.open(run / "encoder.png").verify()
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert (config["task"], config["model"]["steps"]) == ("encoder", 6)
    embed = ["fit", f"--model.generator={generator_file}", f"--data.path={pictures}", "--model.losses=null"]
    embed += ["--model.steps=2", f"--model.init={run / 'encoder.safetensors'}", "--trainer.accelerator=cpu"]
    assert main([*embed, f"--out={tmp_path / 'embedded'}"]) == 0
    assert load_embedding(tmp_path / "embedded").run["settings"]["init"].startswith("encoder ")


def test_it_goes_on_where_it_was_cut_off(words, tmp_path, capsys):
    assert main([*words, "--trainer.limit_train_batches=2", "--trainer.max_epochs=1"]) == 0
    assert "Stopped at step 2 of 6" in capsys.readouterr().out
    assert main(words) == 0
    assert "Stopped" not in capsys.readouterr().out
    assert main(words) == 0
    assert "Going on from" in capsys.readouterr().out
    assert main([*words, "--model.steps=7"]) == 1
    assert "steps: 6 -> 7" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit", "--task=encoder", "--model.stpes=3"], "did you mean 'model.steps'"),
        (["fit", "--task=encodr"], "encodr"),
        (["test", "--task=encoder"], "test"),
    ],
)
def test_mistakes_are_answered_in_a_line(words, message, capsys):
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(main(words))
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) < 30
