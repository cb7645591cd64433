"""Encoders as files: what is saved is what is loaded, for one generator only."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from i2s_lightning.encoders import Encoder, is_encoder, load_encoder, save_encoder, shipped_encoder
from i2s_lightning.errors import CheckpointError
from i2s_lightning.generators import load_generator


@pytest.fixture
def generator(generator_file):
    return load_generator(generator_file)


@pytest.fixture
def path(generator, tmp_path):
    torch.manual_seed(0)
    encoder = Encoder(3, (16, 16), generator.num_ws, generator.w_dim, widths=(8, 8), features=4)
    encoder.attach(generator, 0.5)
    save_encoder(encoder, tmp_path / "encoder.safetensors", {"step": 3})
    return tmp_path / "encoder.safetensors"


def test_it_comes_back_frozen_and_within_half_precision(path, generator):
    torch.manual_seed(0)
    fresh = Encoder(3, (16, 16), generator.num_ws, generator.w_dim, widths=(8, 8), features=4)
    fresh.attach(generator, 0.5)
    loaded = load_encoder(path, generator)
    assert list(loaded.parameters()) == []
    assert loaded.generator_sha256 == generator.sha256
    image = torch.rand(2, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(loaded(image), fresh(image), rtol=1e-2, atol=1e-2)


def test_another_generator_is_refused_by_its_hash(path):
    with pytest.raises(
        CheckpointError, match=r"(?s)is for the generator .* not for this one.*fit --config configs/encoder"
    ):
        load_encoder(path, load_generator("faces64"))


def test_files_that_are_no_encoder(path, generator_file, tmp_path):
    assert is_encoder(path)
    assert not is_encoder(generator_file)
    assert not is_encoder(tmp_path)
    with pytest.raises(CheckpointError, match=r"expected a header with format 'i2s_lightning\.encoder'"):
        load_encoder(generator_file)
    with pytest.raises(CheckpointError, match="no intact safetensors file"):
        load_encoder(tmp_path / "nothing.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(path.read_bytes()[:-9])
    assert not is_encoder(tmp_path / "cut.safetensors")
    with pytest.raises(CheckpointError, match="no intact safetensors file"):
        load_encoder(tmp_path / "cut.safetensors")


def test_changed_numbers_are_noticed(path):
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    tensors["w_avg"] += 1
    save_file(tensors, path, metadata)
    with pytest.raises(CheckpointError, match="damaged: its numbers"):
        load_encoder(path)


def test_not_every_generator_comes_with_an_encoder(generator):
    assert shipped_encoder(generator) is None
