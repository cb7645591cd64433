"""Films of the optimisation: every frame is what the latent rendered to, also across a crash."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence
from pytorch_lightning.callbacks import Callback, ModelCheckpoint

from i2s_lightning.callbacks.frames import Frames
from i2s_lightning.callbacks.video import OptimisationVideo, film_steps
from i2s_lightning.errors import ConfigError


class Cut(BaseException):
    pass


class CutAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.global_step == self.step:
            raise Cut


class Watch(Callback):
    """Keeps picture a's latent after each of its steps."""

    def __init__(self):
        self.latents = {}

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if 0 in module.rows.slots.pictures:
            row = module.rows.slots.pictures.index(0)
            self.latents[module.rows.steps[row]] = module.rows.latents[row].detach().clone()


def frames(path):
    with Image.open(path) as film:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]


def run(embed, out, *more, ckpt_path=None, **options):
    saver = ModelCheckpoint(out / "checkpoints", "last", every_n_train_steps=4, enable_version_counter=False)
    film = OptimisationVideo(str(out), images=["a"], frames=5, format="webp", fps=3)
    return embed.fit(
        out,
        callbacks=[film, *more, saver],
        trainer={"enable_checkpointing": True},
        ckpt_path=ckpt_path,
        **({"steps": 12, "round_steps": 6} | options),
    )


def test_steps_grow_further_apart():
    steps = film_steps(5000, 60)
    assert steps[0] == 1
    assert steps[-1] == 5000
    assert 45 < len(steps) <= 60
    late = np.array([step for step in steps if step > 100])
    assert (late[1:] / late[:-1]) == pytest.approx(5000 ** (1 / 59), rel=0.02)
    assert film_steps(3, 60) == [1, 2, 3]


def test_frames_show_the_target_and_the_latents_of_their_steps(embed, tmp_path, pictures, monkeypatch):
    seen = []
    original = Frames.write
    monkeypatch.setattr(
        Frames, "write", lambda self, number, pixels: (seen.append((number, pixels)), original(self, number, pixels))
    )
    watch = Watch()
    stored = run(embed, tmp_path / "run", watch)
    steps = film_steps(12, 5)
    assert [number for number, _ in seen] == list(range(len(steps)))
    for number, pixels in seen:
        image = stored.generator.synthesis(watch.latents[steps[number]].unsqueeze(0), noise_mode="const")
        expected = ((image[0].detach() + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0)
        assert torch.equal(torch.from_numpy(pixels), expected)
    film = frames(tmp_path / "run" / "videos" / "a.webp")
    assert len(film) == len(steps) + 1  # WebP keeps equal frames, the result's, as one that stays
    target = np.asarray(Image.open(pictures / "a.png").convert("RGB")).astype(int).repeat(10, 0).repeat(10, 1)
    assert abs(film[0][8:168, 8:168] - target).mean() < 12  # WebP is lossy
    assert not list((tmp_path / "run" / "videos").glob("*.frames"))


def test_a_run_that_goes_on_has_the_same_film(embed, tmp_path):
    run(embed, tmp_path / "whole")
    with pytest.raises(Cut):
        run(
            embed, tmp_path / "cut", CutAt(7)
        )  # after frames of steps that are made again from the checkpoint of step 4
    last = tmp_path / "cut" / "checkpoints" / "last.ckpt"
    run(embed, tmp_path / "cut", ckpt_path=str(last))
    assert (tmp_path / "cut" / "videos" / "a.webp").read_bytes() == (
        tmp_path / "whole" / "videos" / "a.webp"
    ).read_bytes()


def test_a_picture_that_stops_early_has_no_frames_after_that(embed, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Frames, "write", lambda self, number, pixels: seen.append(number))
    run(embed, tmp_path / "run", target_loss=1e9)  # at once
    assert seen == [0]


def test_a_picture_that_is_not_there_is_named(embed, tmp_path):
    with pytest.raises(ConfigError, match="no picture 'zoe' in the data"):
        embed.fit(tmp_path / "run", callbacks=[OptimisationVideo(str(tmp_path / "run"), images=["zoe"])])


def test_a_frame_that_was_cut_off_does_not_count(tmp_path):
    store = Frames(tmp_path / "x.frames", (2, 2, 3))
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    store.write(2, picture)
    store.write(0, picture[::-1])
    store.write(0, picture)
    assert [(number, frame.tolist()) for number, frame in store.read()] == [
        (0, picture.tolist()),
        (2, picture.tolist()),
    ]
    store.path.write_bytes(store.path.read_bytes()[:-1])
    assert [number for number, _ in store.read()] == [0]
