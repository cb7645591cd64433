"""Portraits as numbers, and their twins."""

import math
from dataclasses import replace

import numpy as np
import pytest
from faces.assets import load_assets
from faces.draws import Draws
from faces.people import draw_person
from faces.portrait import person_of, render
from render_faces import twins_of
from training.codes import WIDTHS, encode, principal_dials
from training.parameters import ACTIONS, parameters_of


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


def test_principal_dials_are_orthonormal_and_ordered():
    displacements = np.zeros((3, 4, 3))
    displacements[1, :, 0], displacements[2, :, 1] = 1.0, 3.0
    axes = principal_dials(displacements, 2)
    assert axes.T @ axes == pytest.approx(np.eye(2))
    assert np.abs(axes[:, 0]) == pytest.approx([0, 0, 1])


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
