"""The signature promise: a picture's latent depends on the picture alone."""

from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import pytest
import torch
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from i2s_lightning.losses import PixelLoss
from i2s_lightning.optim import RowLBFGS


def alone(embed, out, name, **options):
    return embed.fit(out / name, path=embed.folder / f"{name}.png", batch_size=1, **options)


@pytest.mark.parametrize(
    ("space", "init"),
    [
        ("w_plus", "mean"),
        ("w_plus", "auto"),
        ("w", "random_uniform"),
        ("w", "random_w"),
        ("z", "mean"),
        ("z", "random_w"),
    ],
)
def test_together_equals_alone_in_float64(embed, tmp_path, space, init):
    options = {"space": space, "init": init, "noise": "fixed", "trainer": {"precision": "64-true"}}
    together = embed.fit(tmp_path / "all", batch_size=3, **options)
    for name in ("a", "d"):
        single = alone(embed, tmp_path, name, **options)
        torch.testing.assert_close(together.latent(name), single.latent(name), rtol=1e-9, atol=1e-9)


def test_together_equals_alone_in_float32(embed, tmp_path):
    """Convolutions of other batch sizes may round differently; Adam divides by small numbers: 1e-3 after 6 steps."""
    together = embed.fit(tmp_path / "all", batch_size=5)
    for name in "abcde":
        torch.testing.assert_close(together[name], alone(embed, tmp_path, name)[name], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("space", ["w_plus", "w_groups", "w", "z"])
def test_neighbours_and_place_do_not_change_a_bit(embed, tmp_path, space):
    """At one batch size: other pictures beside it, another row, an emptier batch."""
    full = embed.fit(tmp_path / "full", batch_size=3, space=space)
    for name in "ae":
        single = embed.fit(tmp_path / name, path=embed.folder / f"{name}.png", batch_size=3, space=space)
        assert torch.equal(full.latent(name), single.latent(name))


def test_clipping_is_per_picture(embed, tmp_path):
    options = {"trainer": {"precision": "64-true", "gradient_clip_val": 1e-3}}
    together = embed.fit(tmp_path / "all", batch_size=5, **options)
    single = alone(embed, tmp_path, "c", **options)
    torch.testing.assert_close(together["c"], single["c"], rtol=1e-9, atol=1e-9)
    unclipped = embed.fit(tmp_path / "free", batch_size=5, trainer={"precision": "64-true"}, optimizer=sgd)
    clipped = embed.fit(tmp_path / "clipped", batch_size=5, optimizer=sgd, **options)
    assert not torch.allclose(unclipped["c"], clipped["c"])


def sgd(params):
    return torch.optim.SGD(params, lr=0.1, momentum=0.9)


@pytest.mark.parametrize("optimizer", [sgd, torch.optim.NAdam, torch.optim.RMSprop, torch.optim.Adagrad, RowLBFGS])
def test_other_optimisers_keep_pictures_apart(embed, tmp_path, optimizer):
    options = {"optimizer": optimizer, "trainer": {"precision": "64-true"}}
    together = embed.fit(tmp_path / "all", batch_size=3, **options)
    single = alone(embed, tmp_path, "b", **options)
    torch.testing.assert_close(together["b"], single["b"], rtol=1e-9, atol=1e-9)


def test_early_stop_and_refilled_rows_do_not_change_a_bit(embed, tmp_path):
    """Pictures that leave early give their row to others: at another time, in another place, the same latent."""
    patient = embed.fit(tmp_path / "patient", batch_size=2, steps=10, init="random_uniform")
    losses = sorted(record["loss"] for record in patient.metrics.values())
    options = {"steps": 20, "round_steps": 3, "target_loss": losses[2], "init": "random_uniform"}
    lanes = embed.fit(tmp_path / "two", batch_size=2, **options)
    steps = {name: record["steps"] for name, record in lanes.metrics.items()}
    assert len(set(steps.values())) > 1  # else nobody left early and this shows nothing
    for name in "abcde":
        single = embed.fit(tmp_path / name, path=embed.folder / f"{name}.png", batch_size=2, **options)
        assert torch.equal(lanes[name], single[name])
        assert steps[name] == single.metrics[name]["steps"]


def test_line_searches_of_neighbours_do_not_change_a_bit(embed, tmp_path):
    """Rows accept, shorten and leave at different steps; each is as it would be in the company of nobody."""
    options = {"optimizer": RowLBFGS, "steps": 12, "round_steps": 4, "target_loss": 2.0, "init": "random_uniform"}
    full = embed.fit(tmp_path / "full", batch_size=3, **options)
    assert len({record["steps"] for record in full.metrics.values()}) > 1  # else no row was taken over
    for name in "abcde":
        single = embed.fit(tmp_path / name, path=embed.folder / f"{name}.png", batch_size=3, **options)
        assert torch.equal(full[name], single[name])


COMPANY = st.sets(st.sampled_from("abcde"), min_size=1)


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example("bf16-mixed", "w_plus", 3, [2, 7], 3, set("abde"))
@example("64-true", "w", 2, [5, 1], None, set("abcde"))
@given(
    precision=st.sampled_from(["32-true", "bf16-mixed", "64-true"]),
    space=st.sampled_from(["w_plus", "w"]),
    batch_size=st.integers(1, 4),
    rounds=st.lists(st.integers(1, 9), min_size=2, max_size=2),
    patience=st.sampled_from([None, 2]),
    company=COMPANY,
)
def test_nothing_around_a_picture_changes_a_bit(
    embed, tmp_path, precision, space, batch_size, rounds, patience, company
):
    """At one batch size and precision: company, row, refills, early leavers and the length of rounds are no matter."""
    options = {"losses": {"pixel": PixelLoss()}, "steps": 8, "space": space, "init": "random_uniform"}
    options |= {"patience": patience, "min_delta": 0.1, "batch_size": batch_size}
    options |= {"trainer": {"precision": precision, "log_every_n_steps": 100}}
    with TemporaryDirectory(dir=tmp_path) as folder:
        together, one = Path(folder, "together"), Path(folder, "one")
        for names, place in ((sorted(company), together), (["c"], one)):
            place.mkdir()
            for name in {*names, "c"}:
                copy(embed.folder / f"{name}.png", place)
        full = embed.fit(Path(folder, "run"), path=together, round_steps=rounds[0], **options)
        single = embed.fit(Path(folder, "single"), path=one, round_steps=rounds[1], **options)
        assert full["c"].dtype == (torch.float64 if precision == "64-true" else torch.float32)
        assert torch.equal(full.latent("c"), single.latent("c"))
        for key in ("loss", "steps", "best_step", "status", "psnr"):
            assert full.metrics["c"][key] == single.metrics["c"][key]


def test_a_broken_picture_disturbs_nobody(embed, tmp_path, monkeypatch):
    clean = embed.fit(tmp_path / "clean", batch_size=5)
    from i2s_lightning.tasks.exchange import Exchange

    target = Exchange._target

    def poisoned(self, picture):
        image = target(self, picture)
        return image * torch.nan if self.task.data.pictures[picture].name == "c" else image

    monkeypatch.setattr(Exchange, "_target", poisoned)
    hurt = embed.fit(tmp_path / "hurt", batch_size=5)
    assert hurt.metrics["c"]["status"] == "failed"
    assert hurt["c"].isfinite().all()
    for name in "abde":
        assert torch.equal(clean[name], hurt[name])
        assert hurt.metrics[name]["status"] == "done"
