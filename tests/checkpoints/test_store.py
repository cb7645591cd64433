import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from i2s_lightning import load_embedding
from i2s_lightning.checkpoints.store import Result, next_shard, read_entries, read_shard, write_shard
from i2s_lightning.errors import CheckpointError, I2SError


def result(name, value=0.0, **record):
    return Result({"name": name, "status": "done"} | record, {"ws": torch.full((3, 2), value)})


def test_gives_back_what_was_written(tmp_path):
    rows = [result("b", 1.0, psnr=20.5), result("sub/a", 2.0, psnr=float("inf"))]
    write_shard(tmp_path / "0.safetensors", rows, {"seed": 7})
    entries, run = read_entries(tmp_path)
    assert list(entries) == ["b", "sub/a"]
    assert run == {"seed": 7}
    assert torch.equal(entries["sub/a"].read("ws"), rows[1].tensors["ws"])
    assert entries["sub/a"].record == rows[1].record


def test_needs_no_pickle(tmp_path):
    write_shard(tmp_path / "0.safetensors", [result("a")], {})
    with safe_open(tmp_path / "0.safetensors", framework="np") as file:
        assert file.get_tensor("ws").shape == (1, 3, 2)
        assert json.loads(file.metadata()["rows"]) == [{"name": "a", "status": "done"}]


def test_a_later_shard_replaces_a_picture(tmp_path):
    for value in (1.0, 2.0):
        write_shard(next_shard(tmp_path, 0), [result("a", value)], {})
    assert len(list(tmp_path.iterdir())) == 2
    assert read_entries(tmp_path)[0]["a"].read("ws")[0, 0] == 2.0


@pytest.mark.parametrize("keep", [0, 3, 40, -1])
def test_a_torn_file_is_told_from_a_whole_one(tmp_path, keep):
    path = tmp_path / "0.safetensors"
    write_shard(path, [result("a")], {})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"0\.safetensors is damaged .*delete it and run fit again"):
        read_shard(path)


def test_a_flipped_bit_is_found_when_asked_for(tmp_path):
    path = tmp_path / "0.safetensors"
    write_shard(path, [result("a")], {})
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="do not match its hash"):
        read_shard(path, verify=True)


def test_no_flipped_bit_anywhere_goes_unnoticed_or_unexplained(tmp_path):
    """Lengths, header, padding, records, run, tensors: every byte of the file."""
    path = tmp_path / "0.safetensors"
    write_shard(path, [result("a", psnr=20.5), result("b")], {"settings": {"steps": 4}})
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        with pytest.raises(CheckpointError, match=r"damaged|holds no embedding|has version"):
            read_shard(path, verify=True)


def test_foreign_and_newer_files_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"ws": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="holds no embedding"):
        load_embedding(tmp_path / "other.safetensors")
    header = {"format": "i2s_lightning.latents", "version": "9"}
    save_file({"ws": torch.zeros(1)}, tmp_path / "new.safetensors", header)
    with pytest.raises(CheckpointError, match="has version 9, this program reads 1"):
        load_embedding(tmp_path / "new.safetensors")


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "0.safetensors"
    write_shard(path, [result("a")], {})
    before = path.read_bytes()

    def full(tensors, draft, metadata):
        draft.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("i2s_lightning.checkpoints.store.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        write_shard(path, [result("b")], {})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["0.safetensors"]


def test_nothing_there_says_what_was_expected(tmp_path):
    with pytest.raises(CheckpointError, match=r"no embedding at .*expected a run folder"):
        load_embedding(tmp_path / "none")
    with pytest.raises(CheckpointError, match="holds no embedded picture yet"):
        load_embedding(tmp_path)


def test_unknown_names_are_answered_with_close_ones(embed, tmp_path):
    stored = embed.fit(tmp_path / "run", steps=1)
    with pytest.raises(I2SError, match="no picture 'aa' among the 5 embedded ones; close: a"):
        stored["aa"]


def test_another_generator_is_refused_by_hash(embed, tmp_path):
    embed.fit(tmp_path / "run", steps=1)
    with pytest.raises(CheckpointError, match=r"faces64 is not the generator of this embedding: its hash is"):
        load_embedding(tmp_path / "run", generator="faces64").render(["a"])


def test_a_lost_generator_says_how_to_name_it(embed, tmp_path):
    from shutil import copy

    moved = copy(embed.generator, tmp_path / "moved.safetensors")
    embed.fit(tmp_path / "run", steps=1, generator=str(moved))
    (tmp_path / "moved.safetensors").rename(tmp_path / "there.safetensors")
    with pytest.raises(I2SError, match=r"load_embedding\(path, generator=FILE\)"):
        load_embedding(tmp_path / "run").render(["a"])
    found = load_embedding(tmp_path / "run", generator=tmp_path / "there.safetensors")
    assert found.render(["a"]).shape == (1, 3, 16, 16)


def test_a_fresh_process_renders_the_stored_picture_exactly(embed, tmp_path):
    """From the shard alone, moved away from its run folder; compared with the PNG that fit wrote."""
    from i2s_lightning.callbacks.pictures import SaveRenders

    run = tmp_path / "run"
    embed.fit(run, steps=5, batch_size=3, noise="fixed", callbacks=[SaveRenders(str(run))])
    shard = min((run / "latents").iterdir()).rename(tmp_path / "alone.safetensors")
    program = f"""
import torch; torch.set_num_threads(1)
from i2s_lightning import load_embedding
from i2s_lightning.ops.images import to_uint8
import numpy as np
e = load_embedding({str(shard)!r})
np.savez({str(tmp_path / "seen.npz")!r}, **{{n: to_uint8(e.render([n]))[0].numpy() for n in e.names}})
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    seen = np.load(tmp_path / "seen.npz")
    assert len(seen.files) == 3
    for name in seen.files:
        assert np.array_equal(seen[name], np.asarray(Image.open(run / "renders" / f"{name}.png")))
