"""Artifacts by name; the server is a stand-in that behaves as wandb's public API does."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import wandb

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main
from i2s_lightning.checkpoints.remote import local_copy
from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.errors import CheckpointError

NAME = "wandb:me/faces/embedding-run"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Hold ``embedding-run``: ``latest`` is ``v1``."""
    monkeypatch.setenv("I2S_CACHE", str(tmp_path / "cache"))
    run = {"generator": {"file": "g", "sha256": "0"}, "settings": {"space": "w_plus", "noise": "const"}}
    write_shard(
        tmp_path / "there" / "latents" / "000000-000.safetensors",
        [Result({"name": "ann", "status": "done"}, {"ws": torch.arange(6.0).view(3, 2)})],
        run,
    )
    asked = []

    def download(root):
        return shutil.copytree(tmp_path / "there", root)

    def artifact(name):
        asked.append(name)
        if not name.startswith("me/faces/embedding-run:"):
            raise wandb.errors.CommError(f"artifact '{name}' not found")
        return SimpleNamespace(version="v1", download=download)

    monkeypatch.setattr(wandb, "Api", lambda: SimpleNamespace(artifact=artifact))
    return asked


def test_an_artifact_is_an_embedding(server, tmp_path):
    embedding = load_embedding(f"{NAME}:latest")
    assert torch.equal(embedding["ann"], torch.arange(6.0).view(3, 2))
    assert server == ["me/faces/embedding-run:latest"]
    (folder,) = (tmp_path / "cache").rglob("v1")
    assert not list(folder.parent.glob(".*"))


def test_a_version_is_fetched_once_and_an_alias_is_asked_about(server):
    first = local_copy(f"{NAME}:latest")
    assert local_copy(f"{NAME}:v1") == first
    assert len(server) == 1
    assert local_copy(f"{NAME}:latest") == first
    assert len(server) == 2


def test_a_fetch_that_was_cut_off_begins_again(server, monkeypatch):
    whole = wandb.Api().artifact("me/faces/embedding-run:latest")

    def cut(root):
        (Path(root) / "latents").mkdir(parents=True)
        raise OSError("connection lost")

    monkeypatch.setattr(
        wandb, "Api", lambda: SimpleNamespace(artifact=lambda _: SimpleNamespace(version="v1", download=cut))
    )
    with pytest.raises(CheckpointError, match="connection lost"):
        local_copy(f"{NAME}:v1")
    monkeypatch.setattr(wandb, "Api", lambda: SimpleNamespace(artifact=lambda _: whole))
    assert load_embedding(f"{NAME}:v1").names == ["ann"]


@pytest.mark.parametrize("name", ["wandb:faces", "wandb:me/faces/run", "wandb:me/faces/../x:latest", "wandb:a/b/c:.."])
def test_a_name_that_reads_otherwise_is_refused(name):
    with pytest.raises(CheckpointError, match=r"expected wandb:ENTITY/PROJECT/NAME:VERSION; got"):
        load_embedding(name)


def test_what_the_server_says_is_passed_on(server):
    with pytest.raises(CheckpointError, match=r"me/faces/other:v0.*not found.*are you logged in \(wandb login"):
        load_embedding("wandb:me/faces/other:v0")


def test_without_an_account_the_way_in_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("I2S_CACHE", str(tmp_path))

    def refuse():
        raise wandb.errors.UsageError("No API key configured. Use `wandb login` to log in.")

    monkeypatch.setattr(wandb, "Api", refuse)
    with pytest.raises(CheckpointError, match="No API key configured"):
        load_embedding(f"{NAME}:latest")


def test_verbs_take_artifacts(server, tmp_path, capsys):
    assert main(["export", f"{NAME}:latest", str(tmp_path / "all.npz")]) == 0
    assert main(["inspect", f"{NAME}:latest"]) == 0
    assert "1 pictures: 1 done" in capsys.readouterr().out
    assert main(["morph", "--embedding", f"{NAME}:latest", "--images", "zoe", "ann", "--out", "x.gif"]) == 1
    assert "no picture 'zoe'" in capsys.readouterr().err
