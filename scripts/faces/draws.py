"""Random numbers by name, each remembered as the standard normal numbers that it amounts to.

A portrait is a pure function of its draws, so its draws in normal form are a code of it: a Gaussian vector that a
generator can be taught to turn into the same portrait (see ``scripts/training/mapping.py``).
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Draws:
    """Named draws from one stream of random numbers.

    Args:
        rng: The stream. Draws take from it exactly what numpy's methods of the same name would.

    Example:
        >>> draws = Draws(np.random.default_rng(0))
        >>> bool(draws.uniform("age", 0, 100) == np.random.default_rng(0).uniform(0, 100))
        True
        >>> draws.scores["age"].shape
        (1,)
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.scores: dict[str, Array] = {}

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> float:
        """Draw evenly between ``low`` and ``high``."""
        share = float(self.rng.random())
        self.scores[name] = normal_score(share)
        return low + (high - low) * share

    def uniforms(self, name: str, count: int, low: float = 0.0, high: float = 1.0) -> Array:
        """Draw ``count`` numbers evenly between ``low`` and ``high``."""
        shares = self.rng.random(count)
        self.scores[name] = normal_score(shares)
        return low + (high - low) * shares

    def chance(self, name: str, probability: float) -> bool:
        """Draw True with the given probability."""
        return self.uniform(name) < probability

    def normal(self, name: str, mean: float = 0.0, deviation: float = 1.0) -> float:
        """Draw from a normal distribution."""
        return float(self.normals(name, [mean], [deviation])[0])

    def normals(self, name: str, means: Sequence[float], deviations: Sequence[float]) -> Array:
        """Draw a number from each of several normal distributions."""
        values = self.rng.normal(means, deviations)
        self.scores[name] = (values - means) / deviations
        return np.asarray(values)

    def beta(self, name: str, a: float, b: float) -> float:
        """Draw from a beta distribution."""
        value = float(self.rng.beta(a, b))
        self.scores[name] = normal_score(_beta_share(value, a, b))
        return value

    def shares(self, name: str, concentration: float) -> Array:
        """Draw three shares of a whole from a symmetric Dirichlet distribution: two betas, by stick-breaking."""
        values = self.rng.dirichlet([concentration] * 3)
        second = values[1] / max(values[1] + values[2], 1e-300)
        first = _beta_share(values[0], concentration, 2 * concentration)
        self.scores[name] = normal_score([first, _beta_share(second, concentration, concentration)])
        return np.asarray(values)

    def angle(self, name: str) -> float:
        """Draw a direction; its score is a point of the plane in that direction."""
        angle = 2 * math.pi * float(self.rng.random())
        radius = float(self._aside(angle).rayleigh())
        self.scores[name] = radius * np.array([math.cos(angle), math.sin(angle)])
        return angle

    def choice(self, name: str, options: Mapping[str, float]) -> str:
        """Draw one of several options by probability (they sum to 1); the score tells where in their order."""
        probabilities = list(options.values())
        winner = int(self.rng.choice(len(options), p=probabilities))
        before, own = sum(probabilities[:winner]), probabilities[winner]
        self.scores[name] = normal_score(before + own * float(self._aside(winner).random()))
        return list(options)[winner]

    def pick(self, count: int) -> int:
        """Draw one of ``count`` numbers evenly, without a score."""
        return int(self.rng.integers(count))

    def _aside(self, value: float) -> np.random.Generator:
        """Return a second stream that leaves the first as it is and differs between portraits."""
        spread = sum(abs(float(score.sum())) for score in self.scores.values())
        return np.random.default_rng(int((spread + abs(value)) * 1e9) % 2**63)


def normal_score(shares: float | Sequence[float] | Array) -> Array:
    """Turn cumulative probabilities into standard normal numbers.

    Example:
        >>> normal_score([0.5, 0.8413447]).round(3)
        array([0., 1.])
    """
    inside = torch.as_tensor(np.atleast_1d(np.asarray(shares, float)).clip(1e-6, 1 - 1e-6))
    return np.asarray(torch.special.ndtri(inside).numpy())


@lru_cache
def _beta_sample(a: float, b: float) -> Array:
    return np.sort(np.random.default_rng(0).beta(a, b, 200_000))


def _beta_share(value: float, a: float, b: float) -> float:
    """Return the cumulative probability, to about 0.001: from a fixed large sample."""
    sample = _beta_sample(a, b)
    return (float(np.searchsorted(sample, value)) + 0.5) / (len(sample) + 1)
