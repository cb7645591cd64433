import os

import pytest
import torch

from i2s_lightning.checkpoints import index, load_embedding
from i2s_lightning.checkpoints.store import Result, next_shard, read_entries, write_shard

RUN = {"settings": {"space": "w_plus", "noise": "const"}}


def add(folder, *names, value=0.0):
    results = [Result({"name": n, "status": "done", "psnr": value}, {"ws": torch.full((3, 2), value)}) for n in names]
    write_shard(next_shard(folder, 0), results, RUN | {"newest": names[0]})


@pytest.fixture
def folder(tmp_path):
    latents = tmp_path / "latents"
    add(latents, "b", "a", value=1.0)
    add(latents, "sub/ü", "c", value=2.0)
    add(latents, "a", value=3.0)  # again: the later one counts
    return latents


@pytest.fixture
def no_headers(monkeypatch):
    """Opening may not read the shards."""

    def refuse(folder):
        raise AssertionError("the headers were read")

    monkeypatch.setattr(index, "read_entries", refuse)


def told(entries):
    return {name: (e.name, e.shard, e.row, e.record) for name, e in entries.items()}


def test_the_index_tells_what_the_shards_tell(folder, no_headers):
    index.write_index(folder)
    entries, run = index.open_store(folder)
    wanted, wanted_run = read_entries(folder)
    assert list(entries) == list(wanted) == ["a", "b", "c", "sub/ü"]
    assert told(entries) == told(wanted)
    assert run == wanted_run
    assert entries["a"].read("ws")[0, 0] == 3.0


def test_an_embedding_opened_by_the_index_is_the_same(folder, no_headers):
    index.write_index(folder)
    e = load_embedding(folder.parent)
    assert e.names == ["a", "b", "c", "sub/ü"]
    assert e.metrics["c"] == {"name": "c", "status": "done", "psnr": 2.0}
    assert e.metrics == {name: e.metrics[name] for name in e.names}
    assert e.ws[:, 0, 0].tolist() == [3.0, 1.0, 2.0, 2.0]
    assert torch.equal(e.ws, torch.stack([e[name] for name in e.names]))


@pytest.mark.parametrize("change", ["add", "delete", "touch", "rename"])
def test_an_index_of_other_shards_is_not_used(folder, change):
    index.write_index(folder)
    last = max(folder.glob("0*"))
    if change == "add":
        add(folder, "a", value=4.0)
    elif change == "delete":
        last.unlink()
    elif change == "touch":
        os.utime(last, ns=(0, 0))
    else:
        last.rename(folder / "000009-000.safetensors")
    entries, _ = index.open_store(folder)
    assert told(entries) == told(read_entries(folder)[0])
    assert entries["a"].record["psnr"] == {"add": 4.0, "delete": 1.0}.get(change, 3.0)


@pytest.mark.parametrize("harm", ["truncate", "flip", "empty", "foreign"])
def test_a_damaged_index_is_not_used(folder, harm):
    index.write_index(folder)
    path = folder / index.FILE
    data = bytearray(path.read_bytes())
    where = data.index(b'"psnr":3.0') + 7
    if harm == "flip":
        data[where] = ord("7")
    path.write_bytes({"truncate": data[:-3], "empty": b""}.get(harm, data))
    if harm == "foreign":
        path.write_bytes(min(folder.glob("0*")).read_bytes())
    assert index.open_store(folder)[0]["a"].record["psnr"] == 3.0


def test_fit_leaves_an_index_which_is_no_shard(embed, tmp_path, no_headers):
    from i2s_lightning.callbacks.summary import RunSummary

    out = tmp_path / "run"
    e = embed.fit(out, steps=1, callbacks=[RunSummary(str(out))])
    assert (out / "latents" / index.FILE).exists()
    assert e.names == list("abcde")
    assert len(list((out / "latents").glob("0*"))) == 3
