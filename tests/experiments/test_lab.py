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


def test_embeds_once_and_adds_what_is_new(real, fits):
    lab = real()
    names = lab.pictures()["faces"]
    first = lab.embed(names[:2], losses=LOSS)
    assert len(fits) == 1
    assert first.names == names[:2] == ["faces/a", "faces/b"]
    again = real()
    again.pictures()
    assert torch.equal(again.embed(names[:2], losses=LOSS).ws, first.ws)
    assert len(fits) == 1
    more = again.embed(names[1:4], losses=LOSS)
    assert len(fits) == 2
    assert more.names == names[:4]
    assert torch.equal(more["faces/b"], first["faces/b"])


def test_settings_decide_the_folder_and_come_through(real):
    lab = real()
    names = lab.pictures()["faces"][:1]
    w, pixels = lab.embed(names, space="w", losses=LOSS), lab.embed(names, losses=LOSS)
    assert w.space == "w"
    assert pixels.space == "w_plus"
    assert w.run["settings"]["steps"] == 6  # the command line's, not the preset's
    assert list(pixels.run["settings"]["losses"]) == ["pixel"]  # whole, not merged into the preset's
    assert len({folder.name.rpartition("-")[2] for folder in lab.embedded.values()}) == 2
    assert {folder.name.rpartition("-")[0] for folder in lab.embedded.values()} == {"w-pixel", "pixel"}
    other = real(words=["--model.optimizer.init_args.lr", "0.02"])
    other.pictures()
    other.embed(names, losses=LOSS)
    assert not other.embedded.keys() & lab.embedded.keys()


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


def test_a_picture_that_changed_is_embedded_again(real, pictures, fits):
    lab = real()
    names = lab.pictures()["faces"]
    before = lab.embed(names[:1], losses=LOSS)[names[0]]
    (pictures / "a.png").write_bytes((pictures / "e.png").read_bytes())
    later = real()
    later.pictures()
    after = later.embed(names[:1], losses=LOSS)
    assert len(fits) == 2
    assert not torch.equal(after[names[0]], before)
    assert torch.equal(load_embedding(next(iter(later.embedded.values())))[names[0]], after[names[0]])


def test_losses_replace_losses():
    first = {"model": {"steps": 5, "losses": {"a": 1, "b": 2}}, "data": {"batch_size": 8}}
    found = merged(first, {"model": {"losses": {"c": 3}}, "trainer": {"devices": 1}})
    assert found == {
        "model": {"steps": 5, "losses": {"c": 3}},
        "data": {"batch_size": 8},
        "trainer": {"devices": 1},
    }
    assert first["model"]["losses"] == {"a": 1, "b": 2}
