"""What every edit promises, for every space and every kind of network, made here and read from others' files."""

import pytest
import torch

from i2s_lightning import edits


def test_a_morph_shows_the_stored_pictures_exactly(embedding):
    frames = edits.morph(embedding, ["ann", "bob", "carol"], frames=7).render()
    assert torch.equal(frames[[0, 3, 6]], embedding.render(["ann", "bob", "carol"]))
    assert not torch.equal(frames[1], frames[0])


def test_mixing_nothing_and_everything_is_identity_and_swap(embedding):
    pair = {"content": "ann", "style": "bob"}
    stored = embedding.render(["ann", "bob"])
    assert torch.equal(edits.mix(embedding, **pair, layers="none").render()[0], stored[0])
    assert torch.equal(edits.mix(embedding, **pair, layers="all").render()[0], stored[1])
    assert torch.equal(edits.mix(embedding, **pair, layers="all", weight=0.0).render()[0], stored[0])
    half = edits.mix(embedding, **pair).render()[0]
    assert not torch.equal(half, stored[0])
    assert not torch.equal(half, stored[1])


def test_transfer_without_strength_is_identity(embedding):
    edit = edits.transfer(embedding, ["ann", "bob"], "dave_1", "dave_2", strength=[0, 1], threshold=0.0)
    frames, stored = edit.render(), embedding.render(["ann", "bob"])
    assert torch.equal(frames[[0, 2]], stored)
    assert not torch.equal(frames[1], stored[0])


def test_transfer_from_a_face_to_itself_is_the_expression(embedding):
    if embedding.noise("ann") is not None:
        pytest.skip("noise stays the target's")
    frame = edits.transfer(embedding, "ann", "ann", "bob", threshold=0.0).render()[0]
    assert torch.allclose(frame, embedding.render_one("bob"), atol=1e-4)


def test_truncation_has_the_picture_at_its_end(embedding):
    edit = edits.truncate(embedding, ["ann"], psi=[1, 0])
    assert torch.equal(edit.render()[0], embedding.render_one("ann"))
    assert torch.equal(edit.ws[1], embedding.generator.w_avg.expand_as(edit.ws[1]))


def test_a_picture_is_the_same_in_a_batch(embedding):
    from i2s_lightning.edits.latent import render_latents

    edit = edits.morph(embedding, ["ann", "bob"], frames=5)
    together = render_latents(embedding.generator, [shot.build() for shot in edit.shots], embedding.noise_mode)
    alone = edit.render()
    assert torch.equal(together[0], alone[0])  # stored pictures never share a batch
    assert torch.equal(together[4], alone[4])
    largest = float(alone.abs().max())  # random networks of files give pictures far beyond [-1, 1]
    assert torch.allclose(torch.stack(together), alone, atol=1e-5 * max(1.0, largest))
