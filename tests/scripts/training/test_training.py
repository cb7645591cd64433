import numpy as np
import pytest
import torch
from faces.expressions import PRESETS
from faces.portrait import preset_actions
from pytorch_lightning import Trainer
from training.expressions import expression_directions
from training.mapping import teach_mapping
from training.pairs import PairData
from training.parameters import ACTIONS
from training.task import TrainGenerator
from training.teacher import Teacher
from training.warm_start import load_starts

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.native import save_native
from i2s_lightning.generators.samples import SAMPLES, sample_w
from i2s_lightning.generators.stylegan2 import StyleGAN2
from i2s_lightning.ops.images import from_uint8
from i2s_lightning.ops.mapping import normalize_2nd_moment


def test_a_teacher_transfers_expressions_exactly():
    torch.manual_seed(0)
    teacher = Teacher(9, 3, 5)
    teacher.standardise(torch.randn(50, 9) * 3 + 1)
    people, looks = torch.randn(2, 6), torch.rand(2, 3)
    w = [teacher(torch.cat([looks[e], people[p]])[None]) for p, e in ((0, 0), (1, 0), (1, 1), (0, 1))]
    torch.testing.assert_close(w[0] + (w[2] - w[1]), w[3])
    assert not torch.allclose(teacher(torch.cat([looks[0], people[0] * 2])[None]) - w[0], w[0] - w[1], atol=1e-2)


def data_set(folder, count=64):
    """Pictures of one colour, which the only parameter that matters and the code tell."""
    rng = np.random.default_rng(0)
    shade = rng.random(count).astype(np.float32)
    images = np.broadcast_to((shade * 255)[:, None, None, None], (count, 16, 16, 3)).astype(np.uint8)
    parameters = np.concatenate([np.zeros((count, ACTIONS)), shade[:, None], rng.random((count, 2))], axis=1)
    codes = np.concatenate([shade[:, None] * 2 - 1, rng.standard_normal((count, 3))], axis=1)
    numbers = {"parameters": parameters.astype(np.float32), "codes": codes.astype(np.float32)}
    np.savez(folder / "1_0.npz", **{name: value[: count // 2] for name, value in numbers.items()})
    changed = numbers["parameters"].copy()
    changed[:, 0] = 1
    np.savez(folder / "1_9.npz", images=images, twin_images=images, twin_parameters=changed, **numbers)


def test_twins_stand_behind_their_persons_and_codes_without_renders_last(tmp_path):
    data_set(tmp_path)
    data = PairData(str(tmp_path), 8, 3)
    data.setup("fit")
    assert (len(data.images), len(data.codes), len(data.parameters)) == (64, 96, 96)
    batch = next(iter(data.train_dataloader()))
    assert batch.images[:, 0, 0, 0].float() / 255 == pytest.approx(batch.parameters[:, ACTIONS], abs=0.01)
    persons, twins = batch.parameters[2:5], batch.parameters[5:]
    assert torch.equal(twins[:, ACTIONS:], persons[:, ACTIONS:])
    assert twins[:, 0].tolist() == [1, 1, 1]
    assert persons[:, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("batch_size", "twins"), [(8, 4), (200, 65)])
def test_more_twins_than_there_are_or_fit_are_refused(tmp_path, batch_size, twins):
    data_set(tmp_path)
    with pytest.raises(ValueError, match=rf"got {twins} for a batch_size of {batch_size} and 64 twins.*--twins"):
        PairData(str(tmp_path), batch_size, twins).setup("fit")


@pytest.mark.parametrize("adversarial", [0.0, 1.0])
def test_training_brings_pictures_nearer_to_renders(tmp_path, adversarial):
    data_set(tmp_path)
    torch.manual_seed(0)
    task = TrainGenerator(
        channels=(8, 8, 8), z_dim=4, w_dim=8, mapping_layers=2, mapping_width=16, parameters=ACTIONS + 3,
        adversarial=adversarial, feature=0.0, pixel=5.0, momentum=0.9, learning_rate=1e-2, average_images=20,
    )  # fmt: skip
    data = PairData(str(tmp_path), 8, 2)
    data.setup("fit")
    before = error(task, data)
    trainer = Trainer(
        max_steps=80, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False
    )
    trainer.fit(task, datamodule=data)
    assert error(task, data) < 0.5 * before
    assert int(task.seen) == 80 * 8


@torch.no_grad()
def error(task, data):
    ws = task.average_teacher(data.parameters[:64])[:, None].expand(-1, task.generator.num_ws, -1)
    return float((task.average.synthesis(ws) - from_uint8(data.images)).abs().mean())


def test_twins_alone_teach_what_an_expression_changes(tmp_path):
    data_set(tmp_path)
    torch.manual_seed(0)
    task = TrainGenerator(
        channels=(8, 8, 8), z_dim=4, w_dim=8, mapping_layers=2, parameters=ACTIONS + 3, adversarial=0.0, feature=0.0,
        pixel=0.0, expression=10.0, momentum=0.9, learning_rate=1e-2, average_images=20,
    )  # fmt: skip
    data = PairData(str(tmp_path), 8, 3)
    data.setup("fit")
    data.twin_images = torch.full_like(data.twin_images, 255)  # and the persons black: the change is from -1 to 1
    data.images = torch.zeros_like(data.images)
    before = change(task, data)
    trainer = Trainer(
        max_steps=60, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False
    )
    data.setup = lambda stage: None
    trainer.fit(task, datamodule=data)
    assert change(task, data) > before + 0.5


@torch.no_grad()
def change(task, data):
    images = [
        task.average.synthesis(task.average_teacher(p)[:, None].expand(-1, task.generator.num_ws, -1))
        for p in (data.parameters[:16], data.twin_parameters[:16])
    ]
    return float((images[1] - images[0])[:, :, 6:14, 4:12].mean())


def test_the_teachers_expressions_are_directions_that_do_them(generator, tmp_path):
    """Styles are linear in facial actions, so a preset's style is its direction, the same in all layers."""
    save_native(generator, tmp_path / "g.safetensors")
    shipped = load_generator(str(tmp_path / "g.safetensors"))
    teacher = Teacher(ACTIONS + 3, ACTIONS, 16)
    found = expression_directions(teacher, shipped, 2.0)
    assert len(found) == len(PRESETS) - 1 + 2  # wink and smirk are of one side
    assert "smirk_mirrored" in found
    assert "neutral" not in found
    rest, laugh = torch.zeros(2, ACTIONS + 3)
    laugh[:ACTIONS] = torch.tensor(preset_actions("laugh"))
    with torch.no_grad():
        change = teacher(laugh[None]) - teacher(rest[None])
    ws = found["laugh"].ws
    assert torch.equal(ws, ws[:1].expand_as(ws))
    assert torch.nn.functional.cosine_similarity(ws[0], change[0], dim=0) > 0.9999
    deviation = float((sample_w(shipped, SAMPLES) @ (ws[0] / ws[0].norm())).std())
    assert deviation == pytest.approx(float(ws[0].norm()), rel=1e-4)
    assert torch.allclose(found["laugh"].facts["full"] * ws[0], 2 * change[0], rtol=0.01, atol=0.01)


def test_the_mapping_network_learns_what_codes_mean(generator):
    codes = torch.randn(2000, 16, generator=torch.Generator().manual_seed(0))
    styles = normalize_2nd_moment(codes) @ torch.randn(16, 16, generator=torch.Generator().manual_seed(1)) + 1
    missed = teach_mapping(generator.mapping, codes, styles, 600)
    assert missed < 0.15
    spread = (styles[:500] - styles.mean(dim=0)).square().mean()
    assert (generator.mapping(codes[:500])[:, 0] - styles[:500]).square().mean() < 0.15 * spread
    torch.testing.assert_close(generator.w_avg, styles.mean(dim=0))


def test_starting_from_a_larger_network_takes_the_shared_layers(generator, tmp_path):
    save_native(generator, tmp_path / "g.safetensors")
    small = StyleGAN2(z_dim=16, w_dim=16, channels=(8, 8), mapping_layers=3)
    load_starts([str(tmp_path / "g.safetensors")], {"generator": small})
    assert torch.equal(small.synthesis.b8.conv0.weight, generator.synthesis.b8.conv0.weight)


def test_starting_from_another_width_is_refused(generator, tmp_path):
    save_native(generator, tmp_path / "g.safetensors")
    wide = StyleGAN2(z_dim=16, w_dim=16, channels=(16, 8), mapping_layers=3)
    with pytest.raises(UnsupportedWeightsError, match=r"does not fit .*b4\.const"):
        load_starts([str(tmp_path / "g.safetensors")], {"generator": wide})
