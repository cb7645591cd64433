"""Recipes against the edits that the command line makes."""

import json
from dataclasses import replace

import pytest
import torch

from i2s_lightning import edits
from i2s_lightning.edits.transferring import span_of
from i2s_lightning.errors import CheckpointError, ConfigError
from i2s_lightning.ops import latents as ops
from i2s_lightning.studio.library import Library
from i2s_lightning.studio.recipe import Recipe, build, remark


def followed(embedding, recipe, directions=None):
    return build(recipe, Library(embedding, embedding.names).latent, directions or {}, embedding.generator)


def same(latent, shot):
    other = shot.build()
    noise = [(latent.noise or []), (other.noise or [])]
    return torch.equal(latent.ws, other.ws) and len(noise[0]) == len(noise[1]) and all(map(torch.equal, *noise))


def test_doing_nothing_gives_the_stored_picture(embedding):
    for recipe in (Recipe("a"), Recipe("a", "b", 0, "c", [1], 0, "d", "e", 0, directions={"smile": 0}, psi=1)):
        latent = followed(embedding, recipe)
        assert latent.stored
        assert torch.equal(latent.ws, embedding["a"])


@pytest.mark.parametrize("frame", range(5))
def test_morphing_is_the_edit(embedding, frame):
    latent = followed(embedding, Recipe("a", towards="b", morph=frame / 4))
    assert same(latent, edits.morph(embedding, ["a", "b"], 5).shots[frame])


def test_morphing_all_the_way_is_the_other_picture(embedding):
    assert torch.equal(followed(embedding, Recipe("a", towards="b", morph=1)).ws, embedding["b"])


@pytest.mark.parametrize("mix", [0.3, 1])
def test_mixing_is_the_edit(embedding, mix):
    latent = followed(embedding, Recipe("a", style="c", layers=[1, 4, 5], mix=mix))
    assert same(latent, edits.mix(embedding, "a", "c", layers=[1, 4, 5], weight=mix).shots[0])


@pytest.mark.parametrize("threshold", [0, 5])
def test_transferring_is_the_edit(embedding, threshold):
    recipe = Recipe("a", neutral="b", expression="c", strength=1.5, threshold=threshold)
    edit = edits.transfer(embedding, "a", "b", "c", strength=1.5, threshold=threshold)
    assert same(followed(embedding, recipe), edit.shots[0])
    assert not torch.equal(followed(embedding, recipe).ws, embedding["a"])


def test_transferring_within_expressions_is_the_edit(embedding, directions, tmp_path):
    edits.save_directions(tmp_path / "d.safetensors", directions, embedding.generator)
    recipe = Recipe("a", neutral="b", expression="c", strength=1.5, within=True)
    edit = edits.transfer(embedding, "a", "b", "c", strength=1.5, within=str(tmp_path / "d.safetensors"))
    stored = Library(embedding, embedding.names).latent
    latent = build(recipe, stored, {}, embedding.generator, span_of(directions))
    assert torch.allclose(latent.ws, edit.shots[0].build().ws, atol=1e-6)
    assert not torch.allclose(latent.ws, followed(embedding, replace(recipe, within=False)).ws, atol=1e-3)
    assert recipe.sentence() == "a, +1.5 x (c - b) within expressions"
    with pytest.raises(ConfigError, match="no expressions come with this generator"):
        followed(embedding, recipe)


def test_directions_are_the_edit(embedding, directions):
    latent = followed(embedding, Recipe("a", directions={"smile": -0.75, "yaw": 0}), directions)
    assert same(latent, edits.edit(embedding, "a", direction=directions["smile"], strength=-0.75).shots[0])


def test_truncating_is_the_edit(embedding):
    assert same(followed(embedding, Recipe("a", psi=0.4)), edits.truncate(embedding, "a", psi=0.4).shots[0])


def test_parts_follow_one_another(embedding, directions):
    latent = followed(embedding, EVERYTHING, directions)
    e = {name: embedding[name].unsqueeze(0) for name in "abcde"}
    ws = ops.interpolate(e["a"], e["b"], 0.5)
    ws = ops.mix(ws, e["c"], layers=[0, 3], weight=0.8)
    ws = ops.move(ws, e["e"] - e["d"], 0.5)
    ws = ops.move(ops.move(ws, directions["yaw"].ws.unsqueeze(0), 1.0), directions["smile"].ws.unsqueeze(0), -2.0)
    assert torch.equal(latent.ws, ops.pull_to_mean(ws, embedding.generator.w_avg, 0.9)[0])


EVERYTHING = Recipe(
    "a", "b", 0.5, "c", [0, 3], 0.8, "d", "e", 0.5, threshold=0, directions={"yaw": 1.0, "smile": -2.0}, psi=0.9
)


def test_facts_say_everything(embedding, directions):
    facts = json.loads(json.dumps(EVERYTHING.facts()))
    again = followed(embedding, Recipe(**facts), directions)
    assert torch.equal(again.ws, followed(embedding, EVERYTHING, directions).ws)
    assert EVERYTHING.pictures() == ["a", "b", "c", "d", "e"]
    assert Recipe("a", "b", 0, "a", [1], 0.5).pictures() == ["a"]


def test_a_pair_without_difference_is_remarked_on(embedding):
    recipe, stored = Recipe("a", neutral="b", expression="b", strength=1), Library(embedding, embedding.names).latent
    assert torch.equal(followed(embedding, recipe).ws, embedding["a"])
    assert remark(recipe, stored).startswith("b and b differ by less than 1 in every layer, so nothing is transferred")
    assert remark(Recipe("a", neutral="b", expression="c", strength=1), stored) == ""
    assert remark(Recipe("a", neutral="b", expression="b"), stored) == ""


def test_sentence():
    assert EVERYTHING.sentence() == (
        "a, 50% towards b, layers 0, 3 of c at 80%, +0.5 x (e - d), yaw +1, smile -2, truncated to 0.9"
    )
    assert Recipe("a", style="b", layers=[5, 2, 3, 4, 0], mix=1).sentence() == "a, layers 0, 2-5 of b"


@pytest.mark.parametrize(
    ("recipe", "error", "message"),
    [
        (Recipe("z"), CheckpointError, "no picture 'z' among the 6 embedded ones"),
        (Recipe("a", towards="z", morph=0.1), CheckpointError, "no picture 'z'"),
        (Recipe("a", directions={"age": 1.0}), ConfigError, "no direction 'age'; there are smile, yaw"),
    ],
)
def test_exception(embedding, directions, recipe, error, message):
    with pytest.raises(error, match=message):
        followed(embedding, recipe, directions)
