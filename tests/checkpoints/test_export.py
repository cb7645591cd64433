import json
import math

import numpy as np
import pytest
import torch
from safetensors import safe_open

from i2s_lightning import load_embedding
from i2s_lightning.checkpoints.export import export_embedding
from i2s_lightning.checkpoints.store import Result, read_shard, write_shard
from i2s_lightning.errors import CheckpointError, ConfigError


@pytest.fixture
def stored(tmp_path):
    """Seven pictures in W with noise of their own, in three shards."""
    run = {"generator": {"sha256": "0"}, "settings": {"space": "w", "noise": "fixed"}}
    random = torch.Generator().manual_seed(0)
    for shard, names in enumerate(("ge", "bad", "fc")):
        results = []
        for name in names:
            tensors = {"ws": (3, 2), "w": (2,), "noise_00": (1, 4, 4), "noise_01": (1, 8, 8)}
            facts = {"name": name, "status": "done", "steps": 3} | ({"psnr": ord(name) / 7} if name != "c" else {})
            results.append(Result(facts, {k: torch.randn(s, generator=random) for k, s in tensors.items()}))
        write_shard(tmp_path / "latents" / f"{shard}.safetensors", results, run)
    return load_embedding(tmp_path)


def test_one_safetensors_file_is_the_same_embedding(stored, tmp_path):
    out = tmp_path / "new" / "all.safetensors"
    export_embedding(stored, out)
    again = load_embedding(out)
    assert again.names == stored.names == list("abcdefg")
    assert again.metrics == stored.metrics
    assert again.run == stored.run
    assert again.tensor_names() == ["noise_00", "noise_01", "w", "ws"]
    assert torch.equal(again.ws, stored.ws)
    for name in stored.names:
        assert torch.equal(again[name], stored[name])
        assert torch.equal(again.latent(name), stored.latent(name))
        assert all(torch.equal(a, b) for a, b in zip(again.noise(name), stored.noise(name), strict=True))
    assert [p.name for p in out.parent.iterdir()] == ["all.safetensors"]


def test_its_hash_covers_everything(stored, tmp_path):
    out = tmp_path / "all.safetensors"
    export_embedding(stored, out)
    assert len(read_shard(out, verify=True)[0]) == 7
    data = out.read_bytes()
    for harmed in (data[:-1] + bytes([data[-1] ^ 1]), data.replace(b'"steps":3', b'"steps":4', 1)):
        assert harmed != data
        out.write_bytes(harmed)
        with pytest.raises(CheckpointError, match="do not match its hash"):
            read_shard(out, verify=True)


def test_other_readers_see_plain_aligned_tensors(stored, tmp_path):
    out = tmp_path / "all.safetensors"
    export_embedding(stored, out)
    with safe_open(out, framework="np") as file:
        assert file.get_tensor("ws").dtype == np.float32
        assert np.array_equal(file.get_tensor("ws"), stored.ws.numpy())
        assert len(json.dumps(file.metadata())) < 1000  # whoever reads one row reads the header
        names = json.loads(file.get_tensor("names").tobytes())
    assert names == list("abcdefg")
    assert (8 + int.from_bytes(out.read_bytes()[:8], "little")) % 8 == 0


def test_npz_for_numpy(stored, tmp_path):
    out = tmp_path / "all.npz"
    export_embedding(stored, out)
    with np.load(out, allow_pickle=False) as file:
        assert file["names"].tolist() == stored.names
        assert np.array_equal(file["ws"], stored.ws.numpy())
        assert file["w"].shape == (7, 2)
        assert file["noise_01"].shape == (7, 1, 8, 8)
        assert file["metrics/status"].tolist() == ["done"] * 7
        assert file["metrics/psnr"][0] == 97 / 7
        assert math.isnan(file["metrics/psnr"][2])
        assert json.loads(str(file["run"])) == stored.run
    assert sorted(p.name for p in tmp_path.iterdir()) == ["all.npz", "latents"]


def test_pt_for_torch(stored, tmp_path):
    out = tmp_path / "all.pt"
    export_embedding(stored, out)
    loaded = torch.load(out, weights_only=True)
    assert loaded["names"] == stored.names
    assert torch.equal(loaded["ws"], stored.ws)
    assert torch.equal(loaded["w"][1], stored.latent("b"))
    assert loaded["metrics"]["steps"].tolist() == [3.0] * 7
    assert loaded["metrics"]["status"] == ["done"] * 7
    assert loaded["run"] == stored.run


def test_an_unknown_ending_says_which_there_are(stored, tmp_path):
    with pytest.raises(ConfigError, match=r"ends in \.safetensors, \.npz, \.pt; got all\.csv"):
        export_embedding(stored, tmp_path / "all.csv")


def test_what_fails_leaves_nothing(stored, tmp_path, monkeypatch):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("i2s_lightning.checkpoints.export.np.savez", full)
    with pytest.raises(OSError, match="No space left"):
        export_embedding(stored, tmp_path / "all.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["latents"]
