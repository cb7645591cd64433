import math

import numpy as np
import pytest
from faces.draws import Draws
from faces.expressions import action_weights

P = [0.5, 0.3, 0.15, 0.05]


def test_the_score_of_a_choice_tells_its_place():
    rng = np.random.default_rng(0)
    for _ in range(200):
        draws = Draws(rng)
        chosen = "wxyz".index(draws.choice("c", dict(zip("wxyz", P, strict=True))))
        share = math.erf(draws.scores["c"][0] / math.sqrt(2)) / 2 + 0.5
        assert sum(P[:chosen]) <= share <= sum(P[: chosen + 1])


def test_scores_of_a_draw_are_standard_normal():
    rng, scores = np.random.default_rng(0), []
    for _ in range(2000):
        draws = Draws(rng)
        draws.uniform("u", 3, 5), draws.beta("b", 0.4, 0.4), draws.normal("n", 2, 0.1), draws.shares("s", 0.5)
        draws.angle("a"), draws.choice("c", dict(zip("wxyz", P, strict=True)))
        scores.append(np.concatenate(list(draws.scores.values())))
    assert np.mean(scores, axis=0) == pytest.approx(np.zeros(8), abs=0.12)  # 5 standard errors
    assert np.cov(np.array(scores).T) == pytest.approx(np.eye(8), abs=0.16)


def test_draws_do_not_disturb_the_stream():
    draws, plain = Draws(np.random.default_rng(3)), np.random.default_rng(3)
    assert draws.choice("c", dict(zip("wxyz", P, strict=True))) == "wxyz"[plain.choice(4, p=P)]
    draws.angle("a"), plain.random()
    assert draws.uniform("u", 1, 2) == plain.uniform(1, 2)


def test_an_action_without_a_side_sets_both():
    names = ["jawOpen", "blinkLeft", "blinkRight"]
    assert action_weights(names, {"blink": 0.5}).tolist() == [0, 0.5, 0.5]
    with pytest.raises(ValueError, match="yawnLeft"):
        action_weights(names, {"yawn": 1.0})
