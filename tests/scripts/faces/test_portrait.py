from pathlib import Path

import numpy as np
import pytest
from faces.expressions import PRESETS
from faces.portrait import person_of, preset_actions, render
from PIL import Image

REFERENCE = Path(__file__).parent / "reference.png"  # five portraits of an independent implementation, side by side
INDICES = (2, 3, 8, 32, 33)  # afro and stubble; bun; full beard and glasses; fringe; goatee and glasses


def distance(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean()


@pytest.mark.parametrize("place", range(len(INDICES)))
def test_equals_the_first_implementation(place):
    expected = np.asarray(Image.open(REFERENCE))[:, place * 64 : (place + 1) * 64].astype(int)
    actual = render(person_of(1, INDICES[place]), size=64, supersampling=2).astype(int)
    difference = np.abs(actual - expected)
    assert difference.mean() < 0.05  # of 255
    assert difference.max() <= 24  # a sample on an edge may fall to the other side


def test_is_a_function_of_seed_and_index():
    first = render(person_of(7, 5), size=32, supersampling=1)
    assert np.array_equal(first, render(person_of(7, 5), size=32, supersampling=1))
    assert distance(first, render(person_of(7, 6), size=32, supersampling=1)) > 5
    assert distance(first, render(person_of(8, 5), size=32, supersampling=1)) > 5


@pytest.mark.parametrize("name", ["laugh", "surprise", "anger", "kiss"])
def test_another_expression_changes_the_face_only(name):
    person = person_of(1, 1)
    neutral = render(person.with_actions(preset_actions("neutral")), size=64, supersampling=2).astype(int)
    other = render(person.with_actions(preset_actions(name)), size=64, supersampling=2).astype(int)
    change = np.abs(other - neutral).max(axis=2)
    assert change[26:54, 18:46].max() > 25
    # No realignment: pictures agree around the face up to the light that a moved jaw lets through.
    assert np.median(change[:20]) == 0
    assert (change[:12] == 0).all()
    assert (change[:, :8] == 0).all()


def test_two_people_exchange_expressions_without_exchanging_anything_else():
    a, b = person_of(1, 1), person_of(1, 12)
    truth = render(a.with_actions(b.actions), size=32, supersampling=1)
    back = render(a.with_actions(b.actions).with_actions(a.actions), size=32, supersampling=1)
    assert np.array_equal(back, render(a, size=32, supersampling=1))
    assert distance(truth, render(a, size=32, supersampling=1)) < distance(truth, render(b, size=32, supersampling=1))


def test_every_preset_names_known_actions():
    strengths = [preset_actions(name).sum() for name in PRESETS]
    assert strengths[0] == 0
    assert min(strengths[1:]) > 0.5


def test_larger_pictures_show_the_same():
    small = render(person_of(1, 3), size=32, supersampling=4).astype(float)
    large = render(person_of(1, 3), size=64, supersampling=2).astype(float)
    assert np.abs(large.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3)) - small).mean() < 2  # of 255; the curve differs
