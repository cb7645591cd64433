"""What TensorBoard and CSV files get, read back."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from i2s_lightning.__main__ import main

SOME = ["--grid.every_n_steps=2", "--grid.pictures=2", "--gallery.pictures=1", "--video.first=1", "--video.format=gif"]
SCALARS = {"train/loss", "train/psnr", "pictures/psnr/p05", "run/images_per_hour", "count/done", "done/psnr/p95"}


@pytest.fixture(scope="module")
def out(words, offline, tmp_path_factory):
    pytest.importorskip("tensorboard")
    out = tmp_path_factory.mktemp("runs") / "run"
    loggers = [{"class_path": f"{kind}Logger", "init_args": {"save_dir": str(out)}} for kind in ("CSV", "TensorBoard")]
    assert main(words(out, *SOME, f"--trainer.logger={json.dumps(loggers)}")) == 0
    return out


@pytest.fixture(scope="module")
def board(out):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(next(out.rglob("events.out.*")).parent), {"images": 0})  # 0: all
    events.Reload()
    return events


def decoded(png):
    from io import BytesIO

    return np.asarray(Image.open(BytesIO(png)))


def test_csv_has_the_scalars_and_pictures_beside_them(out):
    folder = out / "lightning_logs" / "version_0"
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) >= SCALARS
    assert {int(row["step"]) for row in rows if row["train/loss"]} == set(range(18))
    grids = sorted((folder / "media" / "grid").iterdir())
    assert [int(path.stem) for path in grids] == [2, 3, 4, 6, 8, 9, 10, 12, 14, 15, 16, 18]
    assert np.asarray(Image.open(grids[0])).std() > 20
    assert len(list((folder / "media" / "gallery" / "worst").iterdir())) == 3  # at 2 pictures, at 4, and at the end 5
    Image.open(max((folder / "media" / "curves" / "loss").iterdir())).verify()


def test_tensorboard_has_the_same(board, out):
    assert set(board.Tags()["scalars"]) >= SCALARS
    losses = [event.value for event in board.Scalars("train/loss")]
    with (out / "lightning_logs" / "version_0" / "metrics.csv").open() as file:
        expected = [float(row["train/loss"]) for row in csv.DictReader(file) if row["train/loss"]]
    assert losses == pytest.approx(expected)
    assert [event.step for event in board.Images("grid")] == [2, 3, 4, 6, 8, 9, 10, 12, 14, 15, 16, 18]
    last = out / "lightning_logs" / "version_0" / "media" / "grid" / "0000018.png"
    assert np.array_equal(decoded(board.Images("grid")[-1].encoded_image_string), np.asarray(Image.open(last)))
    assert {"gallery/worst", "gallery/best", "curves/loss"} <= set(board.Tags()["images"])


def test_tensorboard_says_where_the_film_is(board, out):
    text = board.Tensors("video/a/text_summary")[0].tensor_proto.string_val[0].decode()
    assert text == str(out / "videos" / "a.gif")


def test_the_dashboards_config_embeds_as_the_quick_start_does():
    configs = Path(__file__).parents[2] / "configs"
    quick, dashboard = (yaml.safe_load((configs / f"{name}.yaml").read_text()) for name in ("embed", "embed_wandb"))
    assert dashboard["model"] == {key: quick["model"][key] for key in dashboard["model"]}
    assert dashboard["data"]["batch_size"] == quick["data"]["batch_size"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("TensorBoardLogger --trainer.logger.init_args.save_dir here", "pytorch_lightning.loggers.TensorBoardLogger"),
        ("true", True),
    ],
)
def test_another_logger_is_an_option(words, kind, capsys):
    config = str(Path(__file__).parents[2] / "configs" / "embed_wandb.yaml")
    with pytest.raises(SystemExit):
        main(["fit", "--config", config, "--trainer.logger", *words.split(), "--print_config"])
    logger = yaml.safe_load(capsys.readouterr().out)["trainer"]["logger"]
    assert kind in (logger, logger["class_path"] if isinstance(logger, dict) else None)
