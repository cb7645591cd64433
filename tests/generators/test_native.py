import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators import GeneratorState, StyleGAN2, build, load_generator, load_native, save_native


@pytest.fixture
def fresh():
    return StyleGAN2(z_dim=8, w_dim=8, channels=(8, 4), mapping_layers=2)


def test_round_trip_keeps_every_bit(fresh, tmp_path):
    built = build(GeneratorState("stylegan2", fresh.config, fresh.state().tensors, {"name": "tiny"}))
    save_native(built, tmp_path / "deep" / "g.safetensors")
    again = load_generator(tmp_path / "deep" / "g.safetensors")
    assert (again.sha256, again.config) == (built.sha256, built.config)
    assert again.source == {"name": "tiny"}
    z = torch.randn(2, 8)
    assert torch.equal(again(z), built(z))


def test_state_and_frozen_network_save_the_same(fresh, tmp_path):
    save_native(fresh.state(), tmp_path / "state.safetensors")
    save_native(freeze(build(fresh.state())), tmp_path / "frozen.safetensors")
    first, second = (load_native(tmp_path / f"{name}.safetensors") for name in ("state", "frozen"))
    assert first.config == second.config
    assert first.tensors.keys() == second.tensors.keys()
    assert all(torch.equal(tensor, second.tensors[name]) for name, tensor in first.tensors.items())


def test_tensors_carry_official_names(fresh, tmp_path):
    save_native(fresh, tmp_path / "g.safetensors")
    names = load_file(tmp_path / "g.safetensors").keys()
    assert {"mapping.fc1.weight", "synthesis.b4.const", "synthesis.b8.conv0.affine.bias"} < names


def test_interrupted_save_leaves_the_old_file(fresh, tmp_path, monkeypatch):
    path = tmp_path / "g.safetensors"
    save_native(fresh, path)
    before = path.read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("i2s_lightning.generators.native.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_native(StyleGAN2(z_dim=8, w_dim=8, channels=(8, 4), mapping_layers=2), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["g.safetensors"]


def test_exception_changed_number(fresh, tmp_path):
    path = tmp_path / "g.safetensors"
    save_native(fresh, path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(UnsupportedWeightsError, match="is damaged: its numbers don't match the hash"):
        load_generator(path)


@pytest.mark.parametrize("keep", [3, 100, -1])
def test_exception_truncated(fresh, tmp_path, keep):
    path = tmp_path / "g.safetensors"
    save_native(fresh, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UnsupportedWeightsError, match="not an intact safetensors file"):
        load_native(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "2"}, "version '1'; got 'i2s_lightning.generator', '2'. Use a newer"),
        ({"format": "pt"}, "got 'pt', '1'"),
        ({"config": "{"}, "'config' is not JSON"),
        ({"config": "[" * 100_000}, "'config' is not JSON"),
        ({"config": "[1]"}, "'config' is not a JSON object"),
    ],
)
def test_exception_header(fresh, tmp_path, changes, message):
    metadata = {
        "format": "i2s_lightning.generator",
        "version": "1",
        "family": "stylegan2",
        "config": json.dumps(fresh.config),
        "source": "{}",
        "sha256": "",
    }
    save_file({"x": torch.zeros(1)}, tmp_path / "g.safetensors", {**metadata, **changes})
    with pytest.raises(UnsupportedWeightsError, match=message):
        load_native(tmp_path / "g.safetensors")


def test_exception_no_such_file():
    with pytest.raises(
        UnsupportedWeightsError, match=r"expected a weight file or one of faces64, .*; 'nothing\.pkl' is neither"
    ):
        load_generator("nothing.pkl")


def test_bundled_generator_loads_frozen():
    generator = load_generator("faces64")
    assert generator.img_shape == (64, 64)
    assert generator.source["name"] == "faces64"
    assert generator.sha256 == "10e25056eda72ebf9c2eabc3a2afd730f3d5dddceb0090f2aff6d1428b077431"
    assert not generator.training
    assert not list(generator.parameters())
    assert not generator.state_dict()
    image = generator(torch.zeros(1, 128), truncation_psi=0.0)
    assert 0.1 < image.std() < 1
