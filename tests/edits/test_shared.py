"""One small offset for all layers, searched instead of subtracted."""

import pytest
import torch

from i2s_lightning import edits
from i2s_lightning.generators import load_generator
from i2s_lightning.metrics.fidelity import psnr
from i2s_lightning.ops.directions import project, span


@pytest.fixture(scope="module")
def faces():
    generator = load_generator("faces64")
    w = generator.mapping(torch.randn(1, 128, generator=torch.Generator().manual_seed(3)), truncation_psi=0.7)[0]
    return generator, w


def picture(generator, ws):
    with torch.no_grad():
        return generator.synthesis(ws.unsqueeze(0), "const").clamp(-1, 1)


def test_it_is_the_same_in_all_layers_and_finds_a_change_that_is(faces):
    generator, w = faces
    smile = edits.shipped_directions(generator)["smile"].ws * 2.5
    offset = edits.shared_difference(generator, w, (w + smile)[None])[0]
    assert torch.equal(offset, offset[:1].expand_as(offset))
    assert torch.nn.functional.cosine_similarity(offset[0], smile[0], dim=0) > 0.6
    goal = picture(generator, w + smile)
    assert psnr(picture(generator, w + offset), goal) > psnr(picture(generator, w), goal) + 5


def test_what_layers_do_against_each_other_is_left_out(faces):
    """Two embeddings of a picture differ by such; the plain difference carries it to the next person."""
    generator, w = faces
    noise = 0.3 * torch.randn(w.shape, generator=torch.Generator().manual_seed(4))
    smile = edits.shipped_directions(generator)["smile"].ws * 2.5
    plain, shared = smile + noise, edits.shared_difference(generator, w, (w + smile + noise)[None])[0]
    assert (shared - smile).norm() < 0.9 * (plain - smile).norm()


def test_within_directions_it_finds_theirs_alone(faces):
    generator, w = faces
    known = edits.shipped_directions(generator)
    within = span(torch.stack([known["smile"].ws, known["yaw"].ws]))
    smile, age = known["smile"].ws * 2, known["age"].ws
    offset = edits.shared_difference(generator, w, (w + smile + age)[None], within=within)[0]
    assert torch.allclose(project(offset[None], within)[0], offset, atol=1e-5)
    assert torch.nn.functional.cosine_similarity(offset[0], smile[0], dim=0) > 0.8


def test_nothing_to_change(faces):
    generator, w = faces
    assert not edits.shared_difference(generator, w, w[None]).any()


def test_a_search_that_only_finds_worse_changes_nothing(faces, monkeypatch):
    class Away(torch.optim.SGD):
        def __init__(self, parameters, history):
            super().__init__(parameters, lr=0.1)

        def step(self):
            self.param_groups[0]["params"][0].data += 5

    monkeypatch.setattr("i2s_lightning.edits.shared.RowLBFGS", Away)
    generator, w = faces
    goal = w + edits.shipped_directions(generator)["smile"].ws
    assert not edits.shared_difference(generator, w, goal[None]).any()


def test_transfer_takes_it_within_directions(keep, tmp_path):
    embedding = keep(load_generator("faces64"), names=("rest", "smile", "ann"))
    known, file = edits.shipped_directions(embedding.generator), str(tmp_path / "d.safetensors")
    edits.save_directions(file, {"yaw": known["yaw"]}, embedding.generator)
    change = (
        edits.transfer(embedding, "ann", "rest", "smile", difference="shared", within=file).ws[0] - embedding["ann"]
    )
    assert change.any()
    assert torch.allclose(project(change[None], span(known["yaw"].ws[None]))[0], change, atol=1e-5)


def test_transfer_takes_it_and_leaves_the_threshold_aside(keep):
    embedding = keep(load_generator("faces64"), names=("rest", "smile", "ann"))
    ws = edits.transfer(embedding, "ann", "rest", ["rest", "smile"], difference="shared", threshold=1e6).ws
    expected = edits.shared_difference(embedding.generator, embedding["rest"], embedding["smile"][None])[0]
    assert torch.equal(ws[0], embedding["ann"])
    assert expected.any()
    assert torch.allclose(ws[1], embedding["ann"] + expected, atol=1e-6)
