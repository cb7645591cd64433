"""Edits show what they made to the logger that is asked for; read back from what an offline run wrote."""

import json

import numpy as np
import pytest
from PIL import Image

from i2s_lightning.__main__ import main

NOTE = {"id": "embedrun", "project": "tests", "entity": None}


@pytest.fixture
def quiet(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    for name in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"WANDB_{name}_DIR", str(tmp_path / name))
    return ["--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"]


def test_weights_and_biases_gets_pictures_and_films_in_the_embeddings_run(run, tmp_path, quiet):
    import wandb
    from offline_run import sessions

    (tmp_path / "run" / "wandb").mkdir()
    (tmp_path / "run" / "wandb" / "run.json").write_text(json.dumps(NOTE))
    logger = ["--trainer.logger", "WandbLogger"]
    sheet, film = tmp_path / "mix.png", tmp_path / "morph.gif"
    assert (
        main(["mix", "--embedding", run, "--content", "ann", "--style", "bob", "--out", str(sheet), *quiet, *logger])
        == 0
    )
    wandb.finish()
    wandb.teardown()  # only now everything is on the disk
    words = ["morph", "--embedding", run, "--images", "ann", "bob", "--frames", "3", "--out", str(film)]
    assert main([*words, *quiet, *logger]) == 0
    wandb.finish()
    wandb.teardown()  # only now everything is on the disk
    first, second = sessions(tmp_path / "run")
    assert {(s.of("run")[0].run_id, s.of("run")[0].project) for s in (first, second)} == {("embedrun", "tests")}
    (picture,) = first.media("edit/mix")
    assert np.array_equal(np.asarray(Image.open(picture)), np.asarray(Image.open(sheet)))
    assert np.asarray(Image.open(picture)).std() > 10
    (copy,) = second.media("edit/morph")
    assert copy.read_bytes() == film.read_bytes()
    assert second.config()["edit/morph"]["frames"] == 3


def test_csv_gets_a_copy_of_the_sheet(run, tmp_path, quiet):
    sheet = tmp_path / "mix.png"
    logger = ["--trainer.logger", "CSVLogger", "--trainer.logger.init_args.save_dir", str(tmp_path / "logs")]
    assert (
        main(["mix", "--embedding", run, "--content", "ann", "--style", "bob", "--out", str(sheet), *quiet, *logger])
        == 0
    )
    (copy,) = (tmp_path / "logs").rglob("edit/mix/*.png")
    assert np.array_equal(np.asarray(Image.open(copy)), np.asarray(Image.open(sheet)))
    assert list((tmp_path / "logs").rglob("hparams.yaml"))
