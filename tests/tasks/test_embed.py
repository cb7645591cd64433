import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from i2s_lightning.errors import ConfigError
from i2s_lightning.losses import PixelLoss
from i2s_lightning.ops.fingerprint import fingerprint
from i2s_lightning.optim import RowLBFGS


def frozen_hashes(task):
    vgg = task.objective.losses["perceptual"].features.vgg
    return fingerprint(dict(task.generator.named_buffers()), {}), fingerprint(dict(vgg.named_buffers()), {})


@pytest.mark.parametrize("space", ["z", "w", "w_groups", "w_plus"])
def test_fits_every_space(embed, tmp_path, space):
    result = embed.fit(tmp_path / "run", space=space, steps=25, optimizer=lambda p: torch.optim.Adam(p, lr=0.05))
    assert result.names == list("abcde")
    assert result.ws.shape == (5, 6, 16)
    assert result.latent("a").shape == {"z": (12,), "w": (16,), "w_groups": (3, 16), "w_plus": (6, 16)}[space]
    for record in result.metrics.values():
        assert record["status"] == "done"
        assert record["steps"] == 25
        assert record["best_step"] > 0  # it became better than where it started


def test_freer_spaces_come_closer(embed, tmp_path):
    """W+ beats groups of layers beats W beats Z, in the mean and at equal steps (paper, section 3.3)."""
    psnr = {}
    for space in ("z", "w", "w_groups", "w_plus"):
        result = embed.fit(tmp_path / space, space=space, batch_size=5, steps=25, optimizer=adam, losses=pixel_loss())
        psnr[space] = sum(r["psnr"] for r in result.metrics.values()) / 5
    assert psnr["w_plus"] > psnr["w_groups"] > psnr["w"] > psnr["z"]


def pixel_loss():
    return {"pixel": PixelLoss()}


def adam(params):
    return torch.optim.Adam(params, lr=0.05)


def test_recovers_a_picture_of_the_generator(embed, tmp_path):
    """What a known latent renders to is found again: closed world, no real picture's residue."""
    from i2s_lightning.callbacks.pictures import write_png
    from i2s_lightning.generators import load_generator
    from i2s_lightning.ops.images import to_uint8

    generator = load_generator(embed.generator)
    z = torch.randn(1, 12, generator=torch.Generator().manual_seed(1))
    write_png(tmp_path / "known.png", to_uint8(generator.synthesis(generator.mapping(z, truncation_psi=0.4)))[0])
    options = {
        "steps": 150,
        "optimizer": adam,
        "lr_scheduler": lambda o: CosineAnnealingLR(o, 150),
        "losses": pixel_loss(),
    }
    result = embed.fit(tmp_path / "run", path=tmp_path / "known.png", batch_size=1, **options)
    assert result.metrics["known"]["psnr"] > 30


def test_gradients_reach_every_style_and_no_network(embed, tmp_path):
    task = embed.task(tmp_path)
    latent = task.generator.w_avg.expand(2, 6, 16).clone().requires_grad_()
    target = torch.rand(2, 3, 16, 16) * 2 - 1
    loss, terms, _ = task.losses(latent, task.objective.prepare(target), None)
    loss.sum().backward()
    assert (latent.grad.abs().sum(-1) > 0).all()
    assert set(terms) == {"pixel", "perceptual", "style"}
    assert not list(task.parameters())  # networks are buffers...
    assert not any(b.requires_grad for b in task.buffers())  # ...that want no gradient


def test_fit_leaves_the_networks_as_they_were(embed, tmp_path):
    task = embed.task(tmp_path / "run")
    before = frozen_hashes(task)
    embed.trainer(tmp_path / "run").fit(task, embed.data())
    assert frozen_hashes(task) == before


def test_same_seed_same_bits(embed, tmp_path):
    options = {"init": "random_w", "noise": "fixed", "seed": 3}
    one, two = (embed.fit(tmp_path / name, **options) for name in ("one", "two"))
    other = embed.fit(tmp_path / "other", **(options | {"seed": 4}))
    assert torch.equal(one.ws, two.ws)
    assert not torch.allclose(one.ws, other.ws)


def test_the_loss_is_the_paper_s(embed, tmp_path):
    """Equation 1 written out: every term by hand, for one picture."""
    task = embed.task(tmp_path)
    latent = task.generator.w_avg.expand(1, 6, 16)
    target = torch.rand(1, 3, 16, 16) * 2 - 1
    total, terms, image = task.losses(latent, task.objective.prepare(target), None)
    vgg = task.objective.losses["perceptual"].features.vgg
    layers = ("conv1_1", "conv1_2", "conv3_2", "conv4_2")
    seen, meant = vgg(image, layers), vgg(target, layers)
    perceptual = sum(((seen[k] - meant[k]) ** 2).sum() / seen[k].numel() for k in layers)
    pixel = ((image - target) ** 2).sum() / image.numel()
    torch.testing.assert_close(terms["perceptual"][0], perceptual)
    torch.testing.assert_close(terms["pixel"][0], pixel)
    torch.testing.assert_close(total[0], pixel + perceptual + 0.5 * terms["style"][0])


def test_starts_from_an_embedding(embed, tmp_path):
    first = embed.fit(tmp_path / "first", space="w")
    again = embed.fit(tmp_path / "again", init=str(tmp_path / "first"), steps=1)
    for name in first.names:
        torch.testing.assert_close(again[name], first[name])  # the one step it looks at is where it starts


def test_fixed_noise_is_stored_and_used(embed, tmp_path):
    result = embed.fit(tmp_path / "run", noise="fixed", steps=1)
    maps = result.noise("a")
    assert [tuple(m.shape) for m in maps] == [(1, 4, 4), (1, 8, 8), (1, 8, 8), (1, 16, 16), (1, 16, 16)]
    assert not torch.allclose(maps[4], result.noise("b")[4])
    plain = result.generator.synthesis(result["a"].unsqueeze(0))[0]
    assert not torch.allclose(result.render_one("a"), plain)


def test_auto_takes_the_better_start(embed, tmp_path):
    losses = {
        init: embed.fit(tmp_path / init, init=init, steps=1).metrics for init in ("mean", "random_uniform", "auto")
    }
    for name in "abcde":
        best = min(losses[init][name]["loss"] for init in ("mean", "random_uniform"))
        assert losses["auto"][name]["loss"] == best


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be at least 1; got 0"),
        ({"init": "means"}, "init must be one of mean, .* or the path of an embedding or encoder; got 'means'"),
        ({"label": 3}, r"label must lie in \[0, 0\) for this generator; got 3"),
    ],
)
def test_bad_options_say_what_was_expected(embed, tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        embed.task(tmp_path, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "bf16-mixed"}, r"must be one of 32-true, 64-true; got bf16-mixed\. .*torch\.optim\.Adam"),
        ({"gradient_clip_val": 1.0}, "needs whole gradients; got trainer.gradient_clip_val=1.0"),
    ],
)
def test_a_line_search_on_inexact_losses_or_gradients_is_refused(embed, tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        embed.fit(tmp_path, trainer=options, optimizer=RowLBFGS, losses=pixel_loss())
    embed.fit(tmp_path, trainer=options, optimizer=adam, losses=pixel_loss(), steps=1)


def test_a_search_that_first_tries_far_off_comes_back(embed, tmp_path):
    far = embed.fit(tmp_path / "far", optimizer=lambda p: RowLBFGS(p, length=1e5), losses=pixel_loss(), steps=12)
    start = embed.fit(tmp_path / "start", losses=pixel_loss(), steps=1)
    for name in far.names:
        assert far.metrics[name]["status"] == "done"
        assert far.metrics[name]["loss"] < start.metrics[name]["loss"]


def test_devices_and_precisions_that_mix_pictures_are_refused(monkeypatch):
    import pytorch_lightning as pl
    from pytorch_lightning.plugins.precision import Precision

    from i2s_lightning.tasks.strategy import RowParallel, refuse_unfit

    def trainer(strategy="auto", **options):
        return pl.Trainer(accelerator="cpu", strategy=strategy, logger=False, enable_checkpointing=False, **options)

    with pytest.raises(ConfigError, match=r"strategy=rows .*DDPStrategy would average"):
        refuse_unfit(trainer("ddp", devices=2))
    refuse_unfit(trainer(RowParallel(), devices=2))
    with pytest.raises(ConfigError, match="accumulate_grad_batches must be 1"):
        refuse_unfit(trainer(devices=1, accumulate_grad_batches=2))
    scaled = trainer(devices=1)
    monkeypatch.setattr(Precision, "scaler", object(), raising=False)  # what 16-mixed brings where there is a GPU
    with pytest.raises(ConfigError, match="16-mixed is refused"):
        refuse_unfit(scaled)
