"""Finding, checking and refusing weight files."""

import hashlib
import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.features import load, load_vgg
from i2s_lightning.features.vgg import IMAGENET_MEAN, IMAGENET_STD

METADATA = {
    "format": "i2s_lightning.vgg16",
    "version": "1",
    "mean": json.dumps(IMAGENET_MEAN),
    "std": json.dumps(IMAGENET_STD),
    "provenance": "a test",
}


@pytest.fixture
def cached(tiny_state, empty_hub, monkeypatch):
    """A small stand-in for torchvision's file, in the hub's cache, with the hash that its name states."""
    empty_hub.mkdir(parents=True)
    torch.save(tiny_state | {"classifier.0.weight": torch.zeros(2, 2)}, empty_hub / "new")
    digest = hashlib.sha256((empty_hub / "new").read_bytes()).hexdigest()
    path = (empty_hub / "new").rename(empty_hub / f"vgg16-{digest[:8]}.pth")
    monkeypatch.setattr(load, "IMAGENET_FILE", path.name)
    return path


def test_auto_takes_the_bundled_file_when_nothing_is_cached():
    vgg = load_vgg()
    assert vgg.source["name"] == "vgg16_hed"
    assert Path(vgg.source["path"]).is_file()
    assert "not equal to torchvision's" in vgg.source["provenance"]
    assert vgg.sha256 == load_vgg("hed").sha256


@pytest.mark.parametrize("weights", ["auto", "imagenet"])
def test_cached_file_is_used(cached, tiny_state, weights):
    vgg = load_vgg(weights)
    assert vgg.source["path"] == str(cached)
    assert "trained on ImageNet" in vgg.source["provenance"]
    assert torch.equal(vgg.get_buffer("features.19.weight"), tiny_state["features.19.weight"])


def test_hed_ignores_the_cache(cached):
    assert load_vgg("hed").source["name"] == "vgg16_hed"


def test_identity_does_not_depend_on_the_container(tiny_state, tmp_path):
    torch.save(tiny_state, tmp_path / "a.pth")
    save_file(tiny_state, tmp_path / "a.safetensors", METADATA)
    torch.save({name: value + 1e-3 for name, value in tiny_state.items()}, tmp_path / "b.pth")
    save_file(tiny_state, tmp_path / "c.safetensors", METADATA | {"mean": "[0.5, 0.5, 0.5]"})
    same, also, weights, constants = [
        load_vgg(tmp_path / name).sha256 for name in ("a.pth", "a.safetensors", "b.pth", "c.safetensors")
    ]
    assert same == also
    assert len({same, weights, constants}) == 3


def test_half_precision_file_computes_in_float32(tiny_state, tmp_path):
    torch.save({name: value.half() for name, value in tiny_state.items()}, tmp_path / "half.pth")
    assert {buffer.dtype for buffer in load_vgg(str(tmp_path / "half.pth")).buffers()} == {torch.float32}


def test_missing_imagenet_file_says_how_to_get_it(empty_hub):
    with pytest.raises(UnsupportedWeightsError) as caught:
        load_vgg("imagenet")
    message = str(caught.value)
    assert str(empty_hub / "vgg16-397923af.pth") in message
    assert "https://download.pytorch.org/models/vgg16-397923af.pth" in message
    assert "Nothing is downloaded" in message


@pytest.mark.parametrize("weights", ["auto", "imagenet", "path"])
def test_wrong_hash(cached, weights):
    with cached.open("ab") as file:
        file.write(b"x")
    with pytest.raises(UnsupportedWeightsError, match=r"begins with [0-9a-f]{8}, but it is [0-9a-f]{64}"):
        load_vgg(cached if weights == "path" else weights)


def test_unknown_name():
    with pytest.raises(UnsupportedWeightsError, match=r"'auto', 'hed', 'imagenet' or a file; got 'vgg19'"):
        load_vgg("vgg19")


def _without(state, name):
    return {key: value for key, value in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: _without(s, "features.17.weight"),
            r"lacks features\.17\.weight \(1 of 18 in all\); it begins with feat",
        ),
        (lambda s: {}, r"lacks features\.0\.weight, .* \(18 of 18 in all\); it begins with nothing"),
        (lambda s: s | {"features.2.bias": "text"}, r"lacks features\.2\.bias"),
        (lambda s: [1, 2], r"should hold a state dict; got a list"),
        (
            lambda s: s | {"features.10.weight": torch.zeros(8, 5, 3, 3)},
            r"features\.10\.weight should be \(N, 6, 3, 3\) and its bias \(N,\); got \(8, 5, 3, 3\) and \(8,\)",
        ),
        (lambda s: s | {"features.10.bias": torch.zeros(())}, r"bias \(N,\); got \(8, 6, 3, 3\) and \(\)"),
        (lambda s: s | {"features.0.bias": torch.full((4,), torch.nan)}, r"not finite: the file is damaged"),
    ],
)
def test_not_vgg16(tiny_state, tmp_path, change, message):
    torch.save(change(tiny_state), tmp_path / "x.pth")
    with pytest.raises(UnsupportedWeightsError, match=message):
        load_vgg(tmp_path / "x.pth")


class _Hostile:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_pickle_that_runs_code_is_refused(tmp_path):
    (tmp_path / "x.pth").write_bytes(pickle.dumps(_Hostile(tmp_path / "ran")))
    with pytest.raises(UnsupportedWeightsError, match=r"x\.pth is not a file of plain tensors"):
        load_vgg(tmp_path / "x.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
@pytest.mark.parametrize("length", [0, 3000])
def test_damaged(tiny_state, tmp_path, name, length):
    path = tmp_path / name
    if path.suffix == ".pth":
        torch.save(tiny_state, path)
    else:
        save_file(tiny_state, path, METADATA)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UnsupportedWeightsError, match=r"x\.\w+ is not a (file of plain tensors|readable safetensors)"):
        load_vgg(path)


def test_foreign_safetensors(tiny_state, tmp_path):
    save_file(tiny_state, tmp_path / "x.safetensors")
    with pytest.raises(UnsupportedWeightsError, match=r"should say format 'i2s_lightning\.vgg16'.*; got None, None"):
        load_vgg(tmp_path / "x.safetensors")
