import csv

import pytest
import torch

from i2s_lightning import edits, load_generator
from i2s_lightning.edits import direction_files
from i2s_lightning.errors import CheckpointError, ConfigError


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    monkeypatch.setattr("i2s_lightning.edits.finding.SAMPLES", 500)


@pytest.fixture
def found(plain):
    return edits.find_ganspace(plain.generator, 2)


def test_sefa_directions_change_the_modulation_most(generator):
    """The mean square change of all affine layers' outputs along a direction is the gain that was reported."""
    found = edits.find_sefa(generator, 2)
    modules = [m for n, m in generator.synthesis.named_modules() if n.endswith("affine")]
    changes = []
    for direction in found.values():
        unit = direction.ws[0] / direction.ws[0].norm()
        changes.append(sum(float((m.weight @ unit).square().sum()) for m in modules) ** 0.5)
    assert changes == pytest.approx([d.facts["gain"] for d in found.values()], rel=1e-4)
    other = torch.randn(generator.w_dim, generator=torch.Generator().manual_seed(0))
    other = other / other.norm()
    assert changes[0] > changes[1] > 0
    assert changes[0] >= sum(float((m.weight @ other).square().sum()) for m in modules) ** 0.5


def test_sefa_of_some_layers_looks_at_and_changes_them_only(plain):
    low, high = (edits.find_sefa(plain.generator, 1, layers)["sefa_00"].ws for layers in ("0-1", "4-5"))
    assert low[:2].any()
    assert not low[2:].any()
    assert not high[:4].any()
    cosine = torch.nn.functional.cosine_similarity(low[0], high[4], dim=0)
    assert abs(float(cosine)) < 0.99


def test_strength_one_is_a_deviation_of_samples(plain):
    found = edits.find_ganspace(plain.generator, 2, samples=500)
    for direction in found.values():
        assert float(direction.ws[0].norm()) == pytest.approx(direction.facts["deviation"], rel=1e-3)
        assert torch.equal(direction.ws[0], direction.ws[5])


def test_ganspace_draws_all_classes(keep, generator):
    assert set(edits.find_ganspace(generator, 3, samples=50)) == {"ganspace_00", "ganspace_01", "ganspace_02"}


def test_boundaries_separate_labelled_pictures(keep, plain, tmp_path):
    names = [f"p{i:02d}" for i in range(30)]
    e = keep(plain.generator, names=names, folder="many")
    truth = torch.randn(16, generator=torch.Generator().manual_seed(3))
    scores = {name: float(e[name].mean(0) @ truth) for name in names}
    middle = sorted(scores.values())[15]
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "tall", "score", "left_out"])
        writer.writerows([n, ["no", "Yes"][s >= middle], s, ""] for n, s in scores.items())
    labels = edits.read_labels(tmp_path / "labels.csv", ["tall", "score"])
    assert sum(labels["tall"].values()) == 15
    found = edits.find_boundaries(e, labels)
    assert list(found) == ["tall", "score"]
    direction = found["tall"].ws[0]
    assert float(torch.nn.functional.cosine_similarity(direction, truth, dim=0)) > 0.5
    assert found["tall"].facts["accuracy"] > 0.9


def test_edit_moves_all_pictures_along(plain, found):
    edit = edits.edit(plain, direction=found["ganspace_01"], strength="-2:2:3", layers="0-2")
    assert len(edit) == 15
    assert torch.equal(edit.ws[1], plain["ann"])
    assert torch.allclose(edit.ws[2, :3], plain["ann"][:3] + 2 * found["ganspace_01"].ws[:3], atol=1e-5)
    assert torch.equal(edit.ws[2, 3:], plain["ann"][3:])


def test_a_gallery_shows_each_direction_around_the_mean(plain, found):
    edit = edits.gallery(plain.generator, found, "-1:1:3")
    assert (len(edit), edit.columns) == (6, 4)
    assert edit.captions()[::4] == ["ganspace_00", "ganspace_01"]
    assert torch.equal(edit.ws[1], plain.generator.w_avg.expand(6, -1))


def test_files_keep_directions(plain, found, tmp_path):
    edits.save_directions(tmp_path / "d.safetensors", found, plain.generator)
    loaded = edits.load_directions(tmp_path / "d.safetensors", plain.generator)
    assert {n: d.facts for n, d in loaded.items()} == {n: d.facts for n, d in found.items()}
    one = edits.find_direction(f"{tmp_path}/d.safetensors:ganspace_01", plain.generator)
    assert torch.equal(one.ws, found["ganspace_01"].ws)
    with pytest.raises(ConfigError, match=r"no direction 'ganspace_1' in .*d.safetensors; ganspace_01"):
        edits.find_direction(f"{tmp_path}/d.safetensors:ganspace_1", plain.generator)


def test_shipped_directions_are_found_by_generator(plain, found, tmp_path, monkeypatch):
    monkeypatch.setattr(direction_files, "SHIPPED", tmp_path)
    with pytest.raises(ConfigError, match="no directions come with this generator"):
        edits.find_direction("smile", plain.generator)
    edits.save_directions(tmp_path / "d.safetensors", {"smile": found["ganspace_00"]}, plain.generator)
    assert torch.equal(edits.find_direction("smile", plain.generator).ws, found["ganspace_00"].ws)
    with pytest.raises(ConfigError, match="no direction 'smiel' for this generator; smile"):
        edits.find_direction("smiel", plain.generator)
    (tmp_path / "expressions").mkdir()
    laugh = edits.Direction("laugh", -found["ganspace_01"].ws)
    expressions = {"smile": found["ganspace_01"], "laugh": laugh}
    edits.save_directions(tmp_path / "expressions" / "d.safetensors", expressions, plain.generator)
    assert torch.equal(edits.find_direction("laugh", plain.generator).ws, laugh.ws)
    assert torch.equal(edits.find_direction("smile", plain.generator).ws, found["ganspace_00"].ws)
    assert list(edits.find_directions("expressions", plain.generator)) == ["laugh", "smile"]
    assert list(edits.find_directions(str(tmp_path / "d.safetensors"), plain.generator)) == ["smile"]


def test_directions_of_another_generator_are_refused(plain, found, tmp_path, monkeypatch):
    edits.save_directions(tmp_path / "d.safetensors", found, plain.generator)
    monkeypatch.setattr(plain.generator, "sha256", "f" * 64)
    with pytest.raises(CheckpointError, match="directions of another generator"):
        edits.load_directions(tmp_path / "d.safetensors", plain.generator)
    assert edits.load_directions(tmp_path / "d.safetensors", plain.generator, force=True)


def test_files_that_hold_something_else(plain, tmp_path):
    from safetensors.torch import save_file

    with pytest.raises(CheckpointError, match="no file of directions at"):
        edits.load_directions(tmp_path / "none.safetensors", plain.generator)
    (tmp_path / "bad.safetensors").write_bytes(b"junk")
    with pytest.raises(CheckpointError, match="damaged or no safetensors file"):
        edits.load_directions(tmp_path / "bad.safetensors", plain.generator)
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors", {"format": "x"})
    with pytest.raises(CheckpointError, match="its header says 'x'"):
        edits.load_directions(tmp_path / "other.safetensors", plain.generator)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,smile\na,1\nb,maybe\n", "expected 1 or 0, yes or no, or numbers"),
        ("name,age\na,1\n", "needs columns name, smile; it has name, age"),
        ("", "needs columns name, smile; it has none"),
    ],
)
def test_labels_that_do_not_fit(tmp_path, text, message):
    (tmp_path / "l.csv").write_text(text)
    with pytest.raises(ConfigError, match=message):
        edits.read_labels(tmp_path / "l.csv", ["smile"])
    with pytest.raises(ConfigError, match="can't read labels"):
        edits.read_labels(tmp_path / "none.csv")


def test_labels_that_are_all_the_same(plain):
    with pytest.raises(ConfigError, match="smile: a boundary needs pictures with and without"):
        edits.find_boundaries(plain, {"smile": {"ann": True, "bob": True}})


def test_directions_that_ship_fit_the_generator_that_ships():
    """Fails when the generator is replaced: `python scripts/make_directions.py --generator faces64`."""
    found = edits.shipped_directions(load_generator("faces64"))
    assert set(found) == {"smile", "yaw", "age", "glasses"}
    assert all(direction.ws.shape == (10, 128) for direction in found.values())
    expressions = edits.find_directions("expressions", load_generator("faces64"))
    assert {"laugh", "surprise", "anger", "kiss"} < set(expressions)
    assert all(direction.ws.shape == (10, 128) for direction in expressions.values())
