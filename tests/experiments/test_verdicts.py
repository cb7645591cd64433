"""Verdicts follow the numbers: each holds where it should, and stops to hold when the numbers turn."""

import pytest

from i2s_lightning.experiments.findings import missing_note, ordered
from i2s_lightning.experiments.studies import (
    affine,
    classes,
    convergence,
    defects,
    expression,
    generators,
    initialisation,
    iterative,
    loss,
    morphing,
    style,
    tradeoff,
)


def held(verdicts):
    return [verdict.holds for verdict in verdicts]


def test_ordered_compares_means_and_counts_pairs():
    up = ordered("Up.", {"a": [1.0, 4.0], "b": [2.0, 3.5], "c": [9.0, 9.0]}, unit=" dB", form=".1f")
    assert up.holds is True
    assert up.finding == "a 2.5 dB < b 2.8 dB (1 of 2 pictures) < c 9.0 dB (2 of 2 pictures)."
    down = ordered("Up.", {"a": [3.0], "b": [2.0]})
    assert down.holds is False
    assert down.finding == "a 3.00 > b 2.00 (0 of 1 pictures)."
    assert ordered("Up.", {"a": [2.0], "b": [2.0]}).holds is False


def test_missing_classes_are_named_with_the_remedy():
    assert missing_note([]) == []
    assert "--images dogs=FOLDER cars=FOLDER" in missing_note(["dogs", "cars"])[0]


def test_classes():
    means = {"faces": {"loss": 1.0, "psnr": 25.0, "w_avg_distance": 10.0}}
    assert held(classes.verdicts(means)) == [None]
    means["cats"] = {"loss": 2.0, "psnr": 20.0, "w_avg_distance": 20.0}
    assert held(classes.verdicts(means)) == [True, True, True]
    means["cats"] = {"loss": 0.5, "psnr": 18.9, "w_avg_distance": 9.0}
    assert held(classes.verdicts(means)) == [False, False, False]


def test_affine():
    kinds = {"aligned": (1.0, 25.0), "right": (3.0, 20.0), "out": (1.5, 24.0), "in": (2.0, 22.0)}
    rows = [{"transformation": k, "loss": a, "psnr_inside": b} for k, (a, b) in kinds.items()]
    assert held(affine.verdicts(rows)) == [True, True, True]
    rows[2] |= {"loss": 0.9, "psnr_inside": 25.5}
    rows[3] |= {"loss": 3.5}
    assert held(affine.verdicts(rows)) == [False, False, False]


def test_defects():
    row = {"psnr_to_the_hole": 20.0, "psnr_to_what_was_there": 8.0, "psnr_outside": 24.5}
    row |= {"psnr_outside_of_the_whole_face": 25.0}
    assert held(defects.verdicts([row])) == [True, True]
    other = row | {"psnr_to_the_hole": 7.0, "psnr_outside": 23.9}
    assert held(defects.verdicts([row, other])) == [False, False]


def test_generators():
    assert generators._others("a", {"a": [1.0], "untrained": [0.0]}).holds is None
    assert generators._others("a", {"a": [2.0], "b": [1.0], "untrained": [0.0]}).holds is True
    assert generators._others("a", {"a": [2.0], "b": [3.0], "untrained": [0.0]}).holds is False


def test_initialisation():
    losses = {"mean": [1.0, 2.0], "random": [2.0, 2.5]}
    assert initialisation.judged("The mean is better.", "mean", losses).holds is True
    verdict = initialisation.judged("Random is better.", "random", losses)
    assert verdict.holds is False
    assert verdict.finding.startswith("loss from random 2.250 > loss from mean 1.500")
    assert initialisation.judged("-", "mean", {"mean": [], "random": []}).holds is None


def test_iterative():
    assert iterative.judged({1: 0.1, 2: 0.2, 3: 0.3}).holds is True
    assert iterative.judged({1: 0.1, 2: 0.3, 3: 0.2}).holds is False


def test_loss():
    found = {"MSE": (0.9, 30.0), "one layer": (0.6, 20.0), "all layers": (0.4, 22.0), "MSE + one": (0.5, 28.0)}
    found |= {"MSE + all": (0.3, 27.0)}
    rows = [{"loss": word, "perceptual": a, "psnr": b} for word, (a, b) in found.items()]
    assert held(loss.verdicts(rows)) == [True, True, True]
    rows[1]["perceptual"], rows[0]["psnr"] = 0.2, 10.0
    assert held(loss.verdicts(rows)) == [False, False, False]


def test_losses_differ_in_what_the_paper_varies():
    own = {"pixel": {"class_path": "PixelLoss"}, "perceptual": {"class_path": "P", "init_args": {"layers": "all"}}}
    found = loss.variants(own, "conv3_2")
    assert found["MSE + one"]["perceptual"]["init_args"]["layers"] == {"conv3_2": 1.0}
    assert [sorted(v) if v else None for v in found.values()] == [
        ["pixel"],
        ["perceptual"],
        ["perceptual"],
        ["perceptual", "pixel"],
        None,
    ]
    assert own["perceptual"]["init_args"]["layers"] == "all"


def test_convergence():
    kinds = {"faces/a": "faces", "cats/b": "cats"}
    assert convergence.judged({"faces/a": 100, "cats/b": 300}, kinds).holds is True
    assert convergence.judged({"faces/a": 300, "cats/b": 300}, kinds).holds is False
    assert convergence.judged({"faces/a": 100}, {"faces/a": "faces"}).holds is None


@pytest.mark.parametrize(
    ("losses", "step"),
    [([8.0, 4.0, 2.0, 1.9, 1.9], 20), ([8.0, 1.9, 7.0, 1.9, 1.9], 30), ([1.0, 1.0, 1.0, 1.0, 1.0], 0)],
)
def test_settled_is_when_it_stays_down(losses, step):
    assert convergence.settled([0, 10, 20, 30, 40], losses, 0.95) == step


def test_morphing():
    near = {("faces/a", "faces/b"): 0.2, ("faces/a", "cats/c"): 0.5, ("cats/c", "dogs/d"): 0.6}
    assert morphing.judged(near).holds is True
    assert morphing.judged(near | {("cats/c", "dogs/d"): 0.1}).holds is False
    assert morphing.judged({("faces/a", "faces/b"): 0.2}).holds is None


def test_morphs_are_within_classes_and_across():
    found = morphing.pairs({"faces": ["f/1", "f/2", "f/3"], "cats": ["c/1"], "cars": ["k/1", "k/2"]})
    assert found == [("f/1", "f/2"), ("k/1", "k/2"), ("f/1", "c/1"), ("c/1", "k/1")]


def test_style():
    face = {"content": "faces/a", "embedded_by": "paper's loss", "colour_to_style": 1.0, "colour_to_content": 9.0}
    face |= {"structure_of_content": 0.9, "structure_of_style": 0.1}
    cat = face | {"content": "cats/b", "structure_of_content": 0.2, "structure_of_style": 0.5}
    gram = face | {"embedded_by": "Gram", "colour_to_style": 99.0}
    assert held(style.verdicts([face, cat, gram])) == [True, True]
    assert held(style.verdicts([face | {"colour_to_style": 10.0}, cat | {"structure_of_style": 0.1}])) == [False, False]
    assert held(style.verdicts([face])) == [True, None]


def test_expression():
    def rows(*distances):
        strengths = (-1.0, 0.0, 1.0)
        pairs = zip(strengths, distances, strict=True)
        return [{"strength": s, "to_the_truth": d, "input_to_the_truth": 0.2} for s, d in pairs]

    assert held(expression.verdicts(rows(0.5, 0.4, 0.3))) == [True, True]
    assert held(expression.verdicts(rows(0.3, 0.4, 0.5))) == [False, False]
    assert held(expression.verdicts([])) == [None]


def test_tradeoff():
    rows = [
        {"setting": "W+", "psnr": 26.0, "typicality": 6.0, "edit_error": 0.4},
        {"setting": "W+, lambda 0.1", "psnr": 24.0, "typicality": 2.0, "edit_error": 0.3},
        {"setting": "W", "psnr": 18.0, "typicality": 1.0, "edit_error": 0.5},
    ]
    assert held(tradeoff.verdicts(rows)) == [True, True]
    rows[2]["typicality"], rows[1]["edit_error"] = 3.0, 0.41
    assert held(tradeoff.verdicts(rows)) == [False, False]
