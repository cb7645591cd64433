"""Training an encoder on a small generator, and starting from what it says."""

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from i2s_lightning.checkpoints.lightning_io import AtomicCheckpointIO
from i2s_lightning.data.real import EncoderData
from i2s_lightning.encoders import save_encoder
from i2s_lightning.errors import CheckpointError, ConfigError
from i2s_lightning.generators import load_generator
from i2s_lightning.losses import PixelLoss
from i2s_lightning.tasks.samples import draw
from i2s_lightning.tasks.train_encoder import TrainEncoder


def task(generator_file, out, **options):
    small = {"steps": 12, "losses": {"pixel": PixelLoss()}, "widths": [8, 8, 8], "features": 8, "size": 16}
    return TrainEncoder(str(generator_file), out=str(out), **(small | options))


def train(made, out, *, until=None, ckpt=None, path=None):
    saver = ModelCheckpoint(out, "last", every_n_train_steps=2, enable_version_counter=False)
    trainer = pl.Trainer(
        max_steps=until or made.steps,
        max_epochs=-1,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        plugins=[AtomicCheckpointIO()],
        callbacks=[saver],
        default_root_dir=out,
    )
    trainer.fit(made, EncoderData(path, batch_size=8, real=2), ckpt_path=ckpt)
    return made, trainer


def test_it_learns_what_samples_were_made_of(generator_file, tmp_path):
    made = task(generator_file, tmp_path, steps=80, optimizer=lambda p: torch.optim.Adam(p, lr=5e-3))
    samples = made.held_out(64)
    guessless = ((made.generator.w_avg - samples.ws) / made.encoder.w_scale).square().mean()
    made, trainer = train(made, tmp_path)
    assert float(trainer.callback_metrics["val/w_plus/latent"]) < 0.9 * float(guessless)
    assert float(trainer.callback_metrics["val/w_plus/loss"]) > 0


def test_offsets_join_one_by_one(generator_file, tmp_path):
    made = task(generator_file, tmp_path, offsets_from=0.25, offsets_until=0.75)
    counts = [made.layers_at(share / 100) for share in range(101)]
    assert counts[:25] == [0] * 25
    assert counts[75:] == [made.generator.num_ws] * 26
    assert sorted(counts) == counts
    assert set(counts) == set(range(made.generator.num_ws + 1))


@pytest.mark.parametrize("real", [False, True])
def test_cut_and_resumed_is_bit_identical(generator_file, pictures, tmp_path, real):
    path = str(pictures) if real else None
    whole, _ = train(task(generator_file, tmp_path / "whole"), tmp_path / "whole", path=path)
    train(task(generator_file, tmp_path / "cut"), tmp_path / "cut", until=7, path=path)
    last = str(tmp_path / "cut" / "last.ckpt")
    again, _ = train(task(generator_file, tmp_path / "cut"), tmp_path / "cut", ckpt=last, path=path)
    for name, value in whole.encoder.state_dict().items():
        assert torch.equal(again.encoder.state_dict()[name], value), name


def test_other_settings_are_refused_and_named(generator_file, tmp_path):
    train(task(generator_file, tmp_path), tmp_path, until=2)
    with pytest.raises(CheckpointError, match=r"(?s)other settings.*latent: 1.0 -> 2.0"):
        train(task(generator_file, tmp_path, latent=2.0), tmp_path, ckpt=str(tmp_path / "last.ckpt"))


def test_samples_show_their_styles(generator_file):
    generator = load_generator(generator_file)
    rng = torch.Generator().manual_seed(0)
    plain, mixed = (draw(generator, 16, rng, mixed=mixed) for mixed in (False, True))
    assert torch.equal(plain.ws, plain.ws[:, :1].expand_as(plain.ws))
    assert (mixed.ws != mixed.ws[:, :1]).any(2).any(1)[1::2].float().mean() > 0.5
    assert torch.equal(mixed.ws[::2], mixed.ws[::2, :1].expand_as(mixed.ws[::2]))
    again = draw(generator, 16, torch.Generator().manual_seed(0), mixed=False)
    assert torch.equal(again.image, plain.image)
    assert plain.image.abs().max() <= 1


def test_shares_that_mean_nothing(generator_file, tmp_path):
    with pytest.raises(ConfigError, match="offsets_from <= offsets_until"):
        task(generator_file, tmp_path, offsets_from=0.9, offsets_until=0.1)


@pytest.fixture
def encoder_file(generator_file, tmp_path):
    """An encoder that says something else of every picture and layer."""
    made = task(generator_file, tmp_path / "encoder")
    torch.manual_seed(0)
    for layer in (made.encoder.to_w, made.encoder.to_offsets):
        torch.nn.init.normal_(layer.weight, std=0.02)
    save_encoder(made.encoder, tmp_path / "encoder.safetensors")
    return tmp_path / "encoder.safetensors"


@pytest.mark.parametrize("space", ["w_plus", "w", "w_groups"])
def test_pictures_start_from_the_encoder_or_the_mean_whichever_is_closer(embed, encoder_file, tmp_path, space):
    from i2s_lightning import load_encoder

    encoder = load_encoder(encoder_file)
    guess = embed.fit(tmp_path / "guess", init=str(encoder_file), steps=1, space=space)
    mean = embed.fit(tmp_path / "mean", steps=1, space=space)
    assert guess.run["settings"]["init"] == f"encoder {encoder.sha256[:16]}"
    losses = [(guess.metrics[name]["loss"], mean.metrics[name]["loss"]) for name in "abcde"]
    assert all(ours <= theirs * (1 + 1e-6) for ours, theirs in losses)
    assert any(ours < theirs for ours, theirs in losses)
    for name, (ours, theirs) in zip("abcde", losses, strict=True):
        image = torch.from_numpy(_pixels(embed.folder / f"{name}.png"))
        if ours < theirs and space != "w_groups":
            said = encoder.w(image)[0] if space == "w" else encoder(image)[0]
            torch.testing.assert_close(guess.latent(name), said, rtol=1e-4, atol=1e-4)


def test_the_mean_is_always_tried_beside_the_encoder(embed, encoder_file, tmp_path):
    """Of the two the one with the lower loss is taken, as of all candidates."""
    made = embed.task(tmp_path, init=str(encoder_file))
    said, mean = made.initial.candidates("a", "0", torch.zeros(1, 3, 16, 16))
    assert torch.equal(mean, made.generator.w_avg.expand_as(mean))
    assert not torch.equal(said, mean)


def _pixels(path):
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"), dtype=np.float32).transpose(2, 0, 1)[None] / 127.5 - 1


def test_an_encoder_for_z_or_for_another_generator_is_refused(embed, encoder_file, tmp_path):
    with pytest.raises(ConfigError, match="gives w and W\\+, not z"):
        embed.task(tmp_path / "z", init=str(encoder_file), space="z")
    with pytest.raises(CheckpointError, match="not for this one"):
        embed.task(tmp_path / "other", init=str(encoder_file), generator="faces64")


@pytest.mark.parametrize("space", ["w_plus", "z"])
def test_without_an_encoder_pictures_start_from_the_mean_and_a_remark_says_so(embed, tmp_path, caplog, space):
    with caplog.at_level("INFO"):
        made = embed.task(tmp_path, init="encoder", space=space)
    assert "pictures start from the mean style" in caplog.text
    plain = embed.task(tmp_path, space=space)
    assert made.initial.describe() == plain.initial.describe() == "mean"
    (start,), (mean,) = (task.initial.candidates("a", "0", torch.zeros(1, 3, 16, 16)) for task in (made, plain))
    assert torch.equal(start, mean)
