"""What TensorBoard and CSV files get, read back."""

import csv

import numpy as np
import pytest
from PIL import Image

from i2s_lightning.__main__ import main

SOME = ["--grid.every_n_steps=2", "--grid.pictures=2", "--gallery.pictures=1", "--video.first=1", "--video.format=gif"]
SCALARS = {"train/loss", "train/psnr", "pictures/psnr/p05", "run/images_per_hour", "count/done", "done/psnr/p95"}


@pytest.fixture(scope="module")
def csv_run(words, offline, tmp_path_factory):
    out = tmp_path_factory.mktemp("csv") / "run"
    assert main(words(out, *SOME)) == 0  # the logger that every run has
    return out


@pytest.fixture(scope="module")
def board_run(words, offline, tmp_path_factory):
    pytest.importorskip("tensorboard")
    out = tmp_path_factory.mktemp("board") / "run"
    logger = ["--trainer.logger=TensorBoardLogger", f"--trainer.logger.init_args.save_dir={out}"]
    assert main(words(out, *SOME, *logger)) == 0
    return out


@pytest.fixture(scope="module")
def board(board_run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(next(board_run.rglob("events.out.*")).parent), {"images": 0})  # 0: all
    events.Reload()
    return events


def decoded(png):
    from io import BytesIO

    return np.asarray(Image.open(BytesIO(png)))


def test_csv_has_the_scalars_and_pictures_beside_them(csv_run):
    folder = csv_run / "logs" / "version_0"
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) >= SCALARS
    assert {int(row["step"]) for row in rows if row["train/loss"]} == set(range(18))
    grids = sorted((folder / "media" / "grid").iterdir())
    assert [int(path.stem) for path in grids] == [2, 3, 4, 6, 8, 9, 10, 12, 14, 15, 16, 18]
    assert np.asarray(Image.open(grids[0])).std() > 20
    assert len(list((folder / "media" / "gallery" / "worst").iterdir())) == 3  # at 2 pictures, at 4, and at the end 5
    Image.open(max((folder / "media" / "curves" / "loss").iterdir())).verify()


def test_tensorboard_has_the_same(board, csv_run):
    assert set(board.Tags()["scalars"]) >= SCALARS
    losses = [event.value for event in board.Scalars("train/loss")]
    with (csv_run / "logs" / "version_0" / "metrics.csv").open() as file:
        expected = [float(row["train/loss"]) for row in csv.DictReader(file) if row["train/loss"]]
    assert losses == pytest.approx(expected)
    assert [event.step for event in board.Images("grid")] == [2, 3, 4, 6, 8, 9, 10, 12, 14, 15, 16, 18]
    last = csv_run / "logs" / "version_0" / "media" / "grid" / "0000018.png"
    assert np.array_equal(decoded(board.Images("grid")[-1].encoded_image_string), np.asarray(Image.open(last)))
    assert {"gallery/worst", "gallery/best", "curves/loss"} <= set(board.Tags()["images"])


def test_tensorboard_says_where_the_film_is(board, board_run):
    text = board.Tensors("video/a/text_summary")[0].tensor_proto.string_val[0].decode()
    assert text == str(board_run / "videos" / "a.gif")
