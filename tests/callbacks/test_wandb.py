"""What a run writes for Weights and Biases, read back from its files: two sessions of one run, without a network."""

import json
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main
from i2s_lightning.callbacks.loggers import media_of

WANDB = [
    "--trainer.logger=WandbLogger",
    "--trainer.logger.init_args.project=tests",
    "--trainer.logger.init_args.offline=true",
    "--grid.every_n_steps=2",
    "--grid.pictures=2",
    "--table.pictures=3",
    "--gallery.pictures=2",
    "--curves.first=1",
    "--curves.worst=1",
    "--curves.chosen=[c]",
    "--video.images=[b]",
    "--video.format=gif",
]


@pytest.fixture(scope="module")
def out(offline, words, tmp_path_factory):
    import wandb

    out = tmp_path_factory.mktemp("runs") / "faces"
    options = words(out, *WANDB, f"--trainer.logger.init_args.save_dir={out}")
    for more in (["--trainer.max_steps=7", "--checkpoint.every_n_train_steps=2"], []):
        assert main([*options, *more]) == 0
        wandb.finish()
        wandb.teardown()  # only now everything is on the disk
    return out


@pytest.fixture(scope="module")
def runs(out):
    from offline_run import sessions

    return sessions(out)


def shown(run, key):
    return [np.asarray(Image.open(path).convert("RGB")) for path in run.media(key)]


def test_the_second_session_goes_on_with_the_same_run(runs, out):
    assert len(runs) == 2
    assert len({run.of("run")[0].run_id for run in runs}) == 1
    assert runs[0].of("run")[0].project == runs[1].of("run")[0].project == "tests"
    assert json.loads((out / "wandb" / "run.json").read_text())["id"] == runs[0].of("run")[0].run_id
    assert max(step for step, _ in runs[0].series("train/loss")) == 6
    steps = [step for step, _ in runs[1].series("train/loss")]
    assert steps == list(range(6, 18))  # from the checkpoint of step 6, to the end of the fifth picture


def test_scalars(runs):
    keys = {key for run in runs for row in run.history() for key in row}
    for key in ("loss", "loss/pixel", "loss/perceptual", "psnr", "lr"):
        assert f"train/{key}" in keys
    for key in ("loss", "pixel", "perceptual", "psnr"):
        spread = [dict(runs[1].series(f"pictures/{key}/p{p}")) for p in ("05", "50", "95")]
        for step in spread[0]:
            low, middle, high = (values[step] for values in spread)
            assert low <= middle <= high
    for key in ("images_per_hour", "seconds_per_step"):
        assert all(value > 0 for prefix in ("round", "run") for _, value in runs[1].series(f"{prefix}/{key}"))
    assert all(value > 100 for _, value in runs[1].series("run/peak_memory_mib"))
    assert runs[1].series("run/percent")[-1][1] == pytest.approx(100)
    assert len(keys) < 120  # whatever the number of pictures


def test_totals_are_those_of_the_store(runs, out):
    metrics = load_embedding(out).metrics
    values = [record["psnr"] for record in metrics.values()]
    assert runs[1].series("count/done")[-1][1] == 5
    assert runs[1].series("count/failed")[-1][1] == 0
    assert runs[1].series("done/psnr/mean")[-1][1] == pytest.approx(np.mean(values))
    assert runs[1].series("done/psnr/p05")[-1][1] == pytest.approx(np.percentile(values, 5))
    assert runs[1].series("round/psnr")[-1][1] == pytest.approx(metrics["e"]["psnr"])


def test_grids_show_targets_and_embeddings_as_they_are(runs, out, five_pictures):
    steps = [step for step, _ in runs[0].series("grid.filenames")] + [s for s, _ in runs[1].series("grid.filenames")]
    assert steps == [
        2,
        3,
        4,
        6,
        7,
        8,
        9,
        10,
        12,
        14,
        15,
        16,
        18,
    ]  # every other, and the ends of rounds; the first was cut at 7
    last = shown(runs[1], "grid")[-1]
    target = np.asarray(Image.open(five_pictures / "e.png").convert("RGB")).repeat(10, 0).repeat(10, 1)
    stored = np.asarray(Image.open(out / "renders" / "e.png")).repeat(10, 0).repeat(10, 1)
    top, left = 33, 8  # below the title
    assert np.array_equal(last[top : top + 160, left : left + 160], target)
    assert np.array_equal(last[top : top + 160, left + 162 : left + 322], stored)
    assert stored.max() > 50


def test_the_table_has_a_row_a_picture_with_everything(runs, out):
    table = json.loads(runs[1].media("results")[-1].read_text())
    assert table["columns"][:3] == ["name", "target | embedding | 4x difference", "status"]
    rows = {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["data"]}
    metrics = load_embedding(out).metrics
    assert rows.keys() == metrics.keys()
    for name, row in rows.items():
        assert row["psnr"] == pytest.approx(metrics[name]["psnr"])
        assert row["w_avg_distance"] == pytest.approx(metrics[name]["w_avg_distance"])
        assert (row["status"], row["steps"]) == ("done", 6)
        assert "edit" in row["editability"] or "over-fitted" in row["editability"]
    assert list(rows) == sorted(rows, key=lambda name: rows[name]["psnr"])
    pictures = [row["target | embedding | 4x difference"] for row in rows.values()]
    assert [picture is not None for picture in pictures] == [True] * 3 + [False] * 2  # the three worst


def test_the_gallery_shows_both_ends(runs, out):
    psnr = {name: record["psnr"] for name, record in load_embedding(out).metrics.items()}
    order = sorted(psnr, key=psnr.__getitem__)
    for end, names in (("worst", order[:2]), ("best", order[:-3:-1])):
        captions = runs[1].series(f"gallery/{end}.captions")[-1][1]
        assert [caption.split(":")[0] for caption in captions] == names
        for name, picture in zip(names, shown(runs[1], f"gallery/{end}")[-2:], strict=True):
            stored = np.asarray(Image.open(out / "renders" / f"{name}.png"))
            assert np.array_equal(picture[33:193:10, 170:330:10], stored)


def test_curves_of_the_first_the_chosen_and_the_worst(runs, out):
    table = json.loads(runs[1].media("curves/loss_table")[-1].read_text())
    psnr = {name: record["loss"] for name, record in load_embedding(out).metrics.items()}
    worst = max(set(psnr) - {"a", "c"}, key=psnr.__getitem__)
    columns = list(zip(*table["data"], strict=True))
    assert set(columns[table["columns"].index("lineKey")]) == {"a", "c", worst}
    assert sorted(columns[table["columns"].index("step")]) == sorted([*range(6)] * 3)  # across both sessions


def test_config_says_with_what(runs, out):
    config, run = runs[1].config(), load_embedding(out).run
    assert config["model"]["steps"] == 6
    assert config["generator"]["sha256"] == run["generator"]["sha256"]
    assert config["perceptual"] == run["perceptual"]
    head = subprocess.run(["git", "-C", Path(__file__).parent, "rev-parse", "HEAD"], capture_output=True, text=True)
    assert (config["commit"] or "").removesuffix("-dirty") == head.stdout.strip()  # none outside a checkout


def test_the_artifact_is_the_embedding(runs, out, tmp_path):
    (artifact,) = [a for a in runs[1].of("artifact") if a.type == "embedding"]
    assert artifact.name == "embedding-faces"
    assert json.loads(artifact.metadata)["pictures"] == 5
    for entry in artifact.manifest.contents:
        (tmp_path / entry.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / entry.path).write_bytes(Path(entry.local_path).read_bytes())
    again, stored = load_embedding(tmp_path), load_embedding(out)
    assert again.names == stored.names
    assert (again.ws == stored.ws).all()
    assert (tmp_path / "metrics.csv").read_bytes() == (out / "metrics.csv").read_bytes()


def test_the_film_reaches_the_logger(runs, out):
    (film,) = [path for run in runs for path in run.media("video/b")]
    assert film.read_bytes() == (out / "videos" / "b.gif").read_bytes()


def test_nothing_is_not_a_number(runs):
    values = [v for run in runs for row in run.history() for v in row.values() if isinstance(v, float)]
    assert all(math.isfinite(value) for value in values)


def test_alerts_and_references_are_in_the_runs_file(offline, tmp_path):
    import wandb
    from offline_run import sessions
    from pytorch_lightning.loggers import WandbLogger

    large, small = tmp_path / "large.safetensors", tmp_path / "small.json"
    large.write_bytes(b"x" * 1000)
    small.write_text("{}")
    media = media_of(WandbLogger(project="tests", save_dir=str(tmp_path), offline=True))
    media.alert("Pictures failed", "a, b")
    media.artifact("my faces", {"latents/large.safetensors": large, "small.json": small}, {"pictures": 2}, limit=1001)
    wandb.finish()
    wandb.teardown()
    (run,) = sessions(tmp_path)
    (alert,) = run.of("alert")
    assert (alert.title, alert.text, alert.level) == ("Pictures failed", "a, b", "WARN")
    (artifact,) = run.of("artifact")
    assert (artifact.name, artifact.type) == ("my-faces", "embedding")
    places = {entry.path: entry.ref for entry in artifact.manifest.contents}
    assert places == {"latents/large.safetensors": large.as_uri(), "small.json": small.as_uri()}


def test_disabled_leaves_no_trace(words, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    options = ["--trainer.logger=WandbLogger", f"--trainer.logger.init_args.save_dir={tmp_path}", "--model.steps=1"]
    assert main(words(tmp_path / "run", *options, "--model.round_steps=1")) == 0
    assert not list(tmp_path.rglob("*wandb*"))


def test_without_an_account_the_way_out_is_named(words, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    options = ["--trainer.logger=WandbLogger", f"--trainer.logger.init_args.save_dir={tmp_path}"]
    assert main(words(tmp_path / "run", *options)) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: Weights and Biases: ")
    assert error.endswith("To embed without a server: --trainer.logger.init_args.offline true")
    assert not list(tmp_path.rglob("*.safetensors"))
