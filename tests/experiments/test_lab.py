"""Embedding for experiments: real fits with the tiny generator."""

import pytest
import torch

from i2s_lightning import cli, load_embedding
from i2s_lightning.errors import CheckpointError
from i2s_lightning.experiments.gallery import Gallery
from i2s_lightning.experiments.lab import Lab, Setup, merged
from i2s_lightning.experiments.plan import plans

WORDS = ["--model.steps", "6", "--trainer.accelerator", "cpu", "--trainer.devices", "1"]
WORDS += ["--trainer.enable_progress_bar", "false", "--data.batch_size", "2"]
LOSS = {"pixel": {"class_path": "PixelLoss", "init_args": {"weight": 1.0}}}


@pytest.fixture
def real(generator_file, pictures, tmp_path):
    def real(out="out", words=(), name="classes"):
        images = {"faces": str(pictures)}
        setup = Setup(tmp_path / out, generators=[str(generator_file)], images=images, words=[*WORDS, *words])
        return Lab(setup, plans()[name], Gallery(setup.out / "pictures", images))

    return real


@pytest.fixture
def fits(monkeypatch):
    """Counts calls of ``fit``."""
    calls = []
    inner = cli.main
    monkeypatch.setattr(cli, "main", lambda words: (calls.append(words), inner(words)))
    return calls


def test_embeds_once_what_is_new_or_has_changed(real, fits, pictures):
    lab = real()
    names = lab.pictures()["faces"]
    first = lab.embed(names[:2], losses=LOSS)
    assert len(fits) == 1
    assert first.names == names[:2] == ["faces/a", "faces/b"]
    (pictures / "a.png").write_bytes((pictures / "e.png").read_bytes())
    again = real()
    again.pictures()
    assert torch.equal(again.embed(names[1:2], losses=LOSS).ws, first.ws)
    assert len(fits) == 1
    more = again.embed(names[:4], losses=LOSS)
    assert len(fits) == 2
    assert sorted(more.names) == names[:4]
    assert torch.equal(more["faces/b"], first["faces/b"])
    assert not torch.equal(more["faces/a"], first["faces/a"])
    assert torch.equal(load_embedding(next(iter(again.embedded.values())))["faces/a"], more["faces/a"])


def test_settings_come_through(real):
    lab = real(words=["--model.optimizer.init_args.lr", "0.02"])
    e = lab.embed(lab.pictures()["faces"][:1], space="w", losses=LOSS)
    assert e.space == "w"
    settings = e.run["settings"]
    assert settings["steps"] == 6  # the command line's, not the preset's
    assert list(settings["losses"]) == ["pixel"]  # whole, not merged into the preset's
    assert settings["optimizer"]["options"]["lr"] == 0.02


def test_settings_decide_the_folder(lab, generator_file, monkeypatch):
    made = lab("classes")
    names = made.pictures()["faces"][:1]
    wanted = [{"losses": LOSS}, {"space": "w", "losses": LOSS}, {"space": "w"}, {}]
    for model in wanted:
        made.embed(names, **model)
    words = [folder.rpartition("-")[0] for folder in made.embedded]
    assert words == ["pixel", "w-pixel", "w", "base"]
    for option in (["--model.steps", "9"], ["--trainer.devices", "1"]):
        other = lab("spaces", words=option)
        other.pictures()
        other.embed(names)
        assert (other.embedded.keys() <= made.embedded.keys()) == option[0].startswith("--trainer")


def test_goes_on_where_it_was_cut_off(real, capsys):
    """Bit by bit as a run that nobody stopped; options of the trainer don't lead to another folder."""
    cut = real(words=["--trainer.max_steps", "4", "--checkpoint.every_n_train_steps", "2"])
    names = cut.pictures()["faces"][:2]
    with pytest.raises(CheckpointError, match="stopped before all pictures were done; the same command goes on"):
        cut.embed(names, losses=LOSS)
    whole = real("other")
    whole.pictures()
    rest = real()
    rest.pictures()
    assert torch.equal(rest.embed(names, losses=LOSS).ws, whole.embed(names, losses=LOSS).ws)
    assert "Going on from" in (next(iter(rest.embedded.values())) / "fit.log").read_text()
    said = capsys.readouterr().out
    assert [said.count(f"classes: {verb} 2 pictures") for verb in ("embedding", "going on with")] == [2, 1]


def test_losses_replace_losses():
    first = {"model": {"steps": 5, "losses": {"a": 1, "b": 2}}, "data": {"batch_size": 8}}
    found = merged(first, {"model": {"losses": {"c": 3}}, "trainer": {"devices": 1}})
    assert found == {
        "model": {"steps": 5, "losses": {"c": 3}},
        "data": {"batch_size": 8},
        "trainer": {"devices": 1},
    }
    assert first["model"]["losses"] == {"a": 1, "b": 2}
