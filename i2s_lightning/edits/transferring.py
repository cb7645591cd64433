"""Expression transfer and reenactment (Image2StyleGAN, section 4.3)."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from i2s_lightning.checkpoints import Embedding
from i2s_lightning.edits.direction_files import Direction, find_directions
from i2s_lightning.edits.latent import Latent, Names, match_names, of_stored
from i2s_lightning.edits.mixing import original
from i2s_lightning.edits.options import Layers, Number, Values, layer_set, values
from i2s_lightning.edits.shared import shared_difference
from i2s_lightning.edits.shots import Edit, Shot
from i2s_lightning.errors import CheckpointError
from i2s_lightning.ops.directions import project, span
from i2s_lightning.ops.latents import clean_difference, move, smooth_sequence

log = logging.getLogger(__name__)

Difference = Literal["plain", "shared"]


def transfer(
    embedding: Embedding,
    target: Names,
    neutral: str,
    expression: Names,
    *,
    strength: Values = 1,
    difference: Difference = "plain",
    within: str | None = None,
    threshold: Number = 1,
    normalise: bool = False,
    layers: Layers = "all",
    smooth: Number = 0,
    source: Embedding | None = None,
    force: bool = False,
) -> Edit:
    """Give targets the expression of somebody else: ``w1 + lambda (w3 - w2)``.

    Several expressions in order are a reenactment: each frame's difference to the neutral picture goes to the target.

    Args:
        embedding: Has the targets.
        target: w1, one or more names.
        neutral: w2, the source's face at rest.
        expression: w3, the same face with an expression, one or more names.
        strength: lambda, one or more; 0 leaves the target as it is, negative shows the opposite.
        difference: "plain" is w3 - w2, as in the paper; "shared" the least change, the same in all layers, that turns
            w2's picture into w3's (see :func:`shared_difference`), which edits of W+ survive better.
        within: Take only what the directions of this file can say; ``expressions``: those that come with the generator.
            What a difference holds beside its expression is then left out, whatever it is.
        threshold: Layers whose plain difference is shorter than this (L2 norm) are left out as noise; 0 keeps all.
            The paper's is 1. For differences as they are: neither "shared" nor ``within`` needs it.
        normalise: Scale what is left, so that one strength means the same for every pair of pictures.
        layers: Layers to change.
        smooth: Smooth the differences over the expressions in order: a Gaussian's standard deviation in frames.
        source: Another embedding, in the same generator, that has ``neutral`` and ``expression``.
        force: Take directions that were found in another generator.

    Returns:
        For each target its row: over strengths, or over expressions when there is one strength.

    Raises:
        CheckpointError: There is no such picture, or ``source`` belongs to another generator.
        ConfigError: Layers or strengths that mean nothing, or no expressions come with this generator.
    """
    source = embedding if source is None else source
    _check_same(embedding, source)
    targets, expressions = match_names(embedding, target), match_names(source, expression)
    rest = match_names(source, neutral)[0]
    strengths = values(strength)
    chosen = layer_set(layers, embedding.generator.layer_resolutions)
    basis = None if within is None else span_of(find_directions(within, source.generator, force=force))
    threshold = threshold if difference == "plain" and basis is None else 0
    differences = _differences(source, rest, expressions, difference, basis)
    differences = clean_difference(smooth_sequence(differences, smooth), threshold=threshold, normalise=normalise)
    _report(differences, expressions, threshold)
    runs = [list(range(len(expressions)))] if len(strengths) == 1 else [[k] for k in range(len(expressions))]
    columns = 1 + max(len(runs[0]), len(strengths))
    shown = [rest, *expressions][:columns]
    cells: list[Shot | None] = [original(source, name) for name in shown] + [None] * (columns - len(shown))
    for name in targets:
        for run in runs:
            cells.append(original(embedding, name))
            for k in run:
                for value in strengths:
                    caption = expressions[k] if len(strengths) == 1 else f"{value:+.2f}"
                    build = partial(of_stored, moved, embedding, [name], differences[k], value, chosen)
                    cells.append(Shot(caption, build))
    return Edit(embedding.generator, embedding.noise_mode, cells, columns)


def moved(latent: Latent, direction: Tensor, strength: Number, layers: Sequence[int] | None = None) -> Latent:
    """Move a picture's styles along a direction ``(L, D)``; its noise stays."""
    ws = move(latent.ws.unsqueeze(0), direction.unsqueeze(0).to(latent.ws), strength, layers=layers)[0]
    return Latent(ws, latent.noise, stored=latent.stored and strength == 0)


def span_of(directions: Mapping[str, Direction]) -> Float[Tensor, "R L D"]:
    """Find orthonormal directions that span those of a file."""
    return span(torch.stack([direction.ws for direction in directions.values()]))


def _differences(
    source: Embedding, neutral: str, expressions: Sequence[str], kind: Difference, basis: Tensor | None
) -> Tensor:
    expressive = torch.stack([source[name] for name in expressions])
    if kind == "plain":
        difference = expressive - source[neutral]
        return difference if basis is None else project(difference, basis.to(difference))
    log.info("searching what turns %s into %s", neutral, ", ".join(expressions))
    return shared_difference(source.generator, source[neutral], expressive, source.noise_mode, basis)


def _check_same(embedding: Embedding, source: Embedding) -> None:
    hashes = [e.run["generator"]["sha256"] for e in (embedding, source)]
    if hashes[0] != hashes[1]:
        raise CheckpointError(
            f"the source was embedded with another generator ({hashes[1][:12]}) than the target ({hashes[0][:12]}): "
            "differences of styles mean nothing across generators"
        )


def _report(differences: Tensor, expressions: Sequence[str], threshold: Number) -> None:
    """Warn when cleaning leaves nothing."""
    for name, difference in zip(expressions, differences, strict=True):
        kept = int((difference.norm(dim=-1) > 0).sum())
        log.info("%s: %d of %d layers differ by %g or more", name, kept, len(difference), threshold)
        if kept == 0:
            log.warning("%s: no layer differs by %g or more, so nothing changes; lower --threshold", name, threshold)
