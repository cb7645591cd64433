import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from faces.assets import load_assets
from faces.draws import Draws
from faces.expressions import PRESETS
from faces.people import draw_person
from faces.portrait import person_of, preset_actions, render
from measures.frechet import frechet_distance, nearest
from pytorch_lightning import Trainer
from render_faces import twins_of
from training.codes import WIDTHS, encode, principal_dials
from training.discriminator import Convolution, Discriminator
from training.expressions import expression_directions
from training.mapping import teach_mapping
from training.objectives import (
    adversarial_losses,
    expression_difference,
    feature_difference,
    gradient_penalty,
    path_length,
    pixel_difference,
)
from training.pairs import PairData
from training.parameters import ACTIONS, parameters_of
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


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return StyleGAN2(z_dim=16, w_dim=16, channels=(8, 8, 4), mapping_layers=3).eval()


def people(count):
    assets = load_assets()
    for i in range(count):
        draws = Draws(np.random.default_rng([1, i]))
        yield draw_person(draws, assets.dial_names, assets.action_names), draws.scores


def test_codes_of_portraits_are_standard_normal():
    axes = np.eye(78, 128 - sum(WIDTHS.values()))
    codes = np.array([encode(scores, axes, np.random.default_rng(i)) for i, (_, scores) in enumerate(people(600))])
    assert codes.shape == (600, 128)
    assert np.abs(codes.mean(axis=0)).max() < 5 / math.sqrt(600)
    covariance = np.cov(codes.T)
    assert np.abs(covariance - np.eye(128)).max() < 0.35  # 6 standard errors of a variance


def test_an_expression_changes_the_first_parameters_alone():
    person, _ = next(people(1))
    other = person.with_actions(person.actions + 0.1)
    own, changed = (parameters_of(p, np.eye(78, 3)) for p in (person, other))
    assert np.flatnonzero(own != changed).tolist() == list(range(ACTIONS))
    assert own[:ACTIONS] == pytest.approx(person.actions)


def test_parameters_leave_out_what_does_not_show():
    for person, _ in people(40):
        own = parameters_of(person, np.eye(78, 3))
        hidden = parameters_of(replace(person, frame=person.frame + 0.1), np.eye(78, 3))
        assert np.array_equal(own, hidden) == (not person.glasses)


def test_a_teacher_transfers_expressions_exactly():
    torch.manual_seed(0)
    teacher = Teacher(9, 3, 5)
    teacher.standardise(torch.randn(50, 9) * 3 + 1)
    people, looks = torch.randn(2, 6), torch.rand(2, 3)
    w = [teacher(torch.cat([looks[e], people[p]])[None]) for p, e in ((0, 0), (1, 0), (1, 1), (0, 1))]
    torch.testing.assert_close(w[0] + (w[2] - w[1]), w[3])
    assert not torch.allclose(teacher(torch.cat([looks[0], people[0] * 2])[None]) - w[0], w[0] - w[1], atol=1e-2)


def test_principal_dials_are_orthonormal_and_ordered():
    displacements = np.zeros((3, 4, 3))
    displacements[1, :, 0], displacements[2, :, 1] = 1.0, 3.0
    axes = principal_dials(displacements, 2)
    assert axes.T @ axes == pytest.approx(np.eye(2))
    assert np.abs(axes[:, 0]) == pytest.approx([0, 0, 1])


def test_down_convolution_of_a_constant():
    layer = Convolution(2, 3, 3, active=False, down=True).requires_grad_(False)
    layer.weight.fill_(1.0)
    out = layer(torch.ones(1, 2, 16, 16))
    assert out.shape == (1, 3, 8, 8)
    assert out[0, 0, 4, 4].item() == pytest.approx(18 / math.sqrt(18))  # all taps, equalised by the fan-in


def test_discriminator_scores_groups_and_not_more():
    torch.manual_seed(0)
    discriminator = Discriminator((8, 8, 4))
    image = torch.rand(8, 3, 16, 16)
    logits, _ = discriminator(image)
    changed = image.clone()
    changed[0] = 0
    other, _ = discriminator(changed)
    same = (other - logits).abs() < 1e-6
    assert same.tolist() == [i % 2 == 1 for i in range(8)]  # groups of four are 0 2 4 6 and 1 3 5 7


def test_adversarial_losses_at_indifference():
    g, d = adversarial_losses(torch.zeros(3), torch.zeros(5))
    assert (g.item(), d.item()) == pytest.approx((math.log(2), 2 * math.log(2)))


def test_gradient_penalty_of_a_linear_critic():
    image = torch.rand(2, 3, 4, 4, requires_grad=True)
    assert gradient_penalty((image * 0.5).sum(dim=(1, 2, 3)), image).item() == pytest.approx(0.25 * 48)


def test_feature_difference_averages_over_layers():
    features, reference = (
        [torch.tensor([1.0, 2.0]), torch.tensor([5.0])],
        [torch.tensor([3.0, 2.0]), torch.tensor([2.0])],
    )
    assert feature_difference(features, reference).item() == 2.0


def test_what_is_wrong_with_both_twins_is_no_error_of_the_expression():
    reference = torch.rand(5, 3, 10, 10)
    person = torch.rand(2, 3, 10, 10)
    image = reference + torch.cat([torch.rand(1, 3, 10, 10), person, person])
    assert expression_difference(image, reference, 2).item() == pytest.approx(0, abs=1e-6)
    image[-1, :, 4:, 2:8] += 0.5  # of the two, one is off by a half all over the face
    assert expression_difference(image, reference, 2).item() == pytest.approx(0.125, abs=1e-6)  # squared, of both


def test_a_pixel_of_the_face_counts_as_often_as_told():
    reference = torch.zeros(2, 3, 10, 10)
    image = reference.clone()
    image[:, :, 0, 0] = 0.5
    assert pixel_difference(image, reference, 7.0).item() == pytest.approx(0.25 / 100)
    image[:, :, 5, 5] = 0.5
    assert pixel_difference(image, reference, 7.0).item() == pytest.approx(0.25 * 8 / 100)


def test_path_length_has_a_gradient(generator):
    ws = generator.mapping(torch.randn(2, 16))
    path_length(generator.synthesis, ws).sum().backward()
    assert generator.synthesis.b16.conv1.weight.grad.abs().sum() > 0


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


def test_a_twin_is_the_same_person_with_what_is_noted_changed():
    axes = np.eye(78, 3)
    own = np.float32([parameters_of(person, axes) for person, _ in people(6)])
    twins = twins_of(1, range(6), 16, axes)
    changed = twins["twin_parameters"]
    spectacles = slice(-11, -6)  # whether, and their frame
    others = np.r_[ACTIONS : own.shape[1] - 11, own.shape[1] - 6 : own.shape[1]]
    assert np.array_equal(changed[:, others], own[:, others])
    put_on = changed[:, -11] != own[:, -11]
    assert 0 < put_on.sum() < 6
    assert np.array_equal(changed[~put_on, spectacles], own[~put_on, spectacles])
    for row in range(6):
        twin = person_of(1, row).with_actions(changed[row, :ACTIONS].astype(float))
        rendered = render(replace(twin, glasses=bool(changed[row, -11])), 16)
        assert np.abs(rendered.astype(int) - twins["twin_images"][row]).max() <= 1
        assert not np.array_equal(changed[row, :ACTIONS], own[row, :ACTIONS])


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


def test_frechet_distance_of_gaussians():
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(20_000, 4, generator=rng)
    b = torch.randn(20_000, 4, generator=rng) * 2 + torch.tensor([1.0, 0, 0, 0])
    assert frechet_distance(a, b) == pytest.approx(1 + 4 * (2 - 1) ** 2, rel=0.05)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-8)


def test_nearest_finds_the_same_picture():
    pictures = torch.randint(0, 255, (6, 32, 32, 3), dtype=torch.uint8)
    assert nearest(pictures[[4, 1]], pictures) == [4, 1]
