"""A session without a browser: uploads, embedding, cancelling, saving."""

import io
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.edits.transferring import span_of
from i2s_lightning.errors import ConfigError, ImageError
from i2s_lightning.ops.images import to_uint8
from i2s_lightning.studio.adding import Progress
from i2s_lightning.studio.recipe import Recipe, build
from i2s_lightning.studio.session import Ended, Session, Studio


@pytest.fixture
def studio(embedding, directions, tmp_path):
    return Studio(embedding, embedding.names, directions, tmp_path / "out", most_pixels=10_000)


@pytest.fixture
def session(studio):
    return Session(studio)


def picture(size=(40, 30), kind="PNG"):
    rough = np.random.default_rng(1).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    packed = io.BytesIO()
    Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).save(packed, kind)
    return packed.getvalue()


def left(session):
    """List what a session has left on the disk."""
    return sorted(path.relative_to(session.folder).as_posix() for path in session.folder.rglob("*") if path.is_file())


EDIT = Recipe("a", "b", 0.5, "c", [0, 3], 0.8, "d", "e", 0.5, threshold=0, directions={"yaw": 1.0}, psi=0.9)


def test_what_is_saved_renders_to_its_picture_from_the_file_alone(session, directions):
    shown = session.picture(EDIT)
    saved = session.save(EDIT, "my edit")
    again = load_embedding(saved.latents)
    assert again.names == ["my_edit"]
    pixels = np.asarray(Image.open(saved.picture))
    assert np.array_equal(to_uint8(again.render())[0].numpy(), pixels)
    assert np.array_equal(shown, pixels)
    assert again.space == "w_plus"
    assert left(session) == ["edits/my_edit.png", "edits/my_edit.safetensors"]


def test_a_transfer_within_expressions_is_saved_as_it_was_shown(studio, directions):
    session = Session(replace(studio, expressions=span_of(directions)))
    recipe = Recipe("a", neutral="b", expression="c", strength=1.0, within=True)
    saved = session.save(recipe, "x")
    assert load_embedding(saved.latents).metrics["x"]["edit"]["within"] is True
    assert np.array_equal(session.picture(recipe), np.asarray(Image.open(saved.picture)))
    assert not np.array_equal(session.picture(recipe), session.picture(replace(recipe, within=False)))
    assert session.remark(recipe) == ""


def test_the_record_says_which_edit_it_was(session, embedding, directions):
    record = load_embedding(session.save(EDIT, "x").latents).metrics["x"]
    assert record["status"] == "edited"
    assert record["sources"] == {name: embedding.metrics[name]["sha256"] for name in "abcde"}
    latent = build(Recipe(**record["edit"]), session.library.latent, directions, embedding.generator)
    assert torch.equal(latent.ws, session.latent(EDIT).ws)


def test_nothing_is_overwritten(session):
    names = [session.save(Recipe("a"), name).name for name in ("a", "e", "new", "NEW", "../new")]
    assert names == ["a-2", "e-2", "new", "NEW-2", "new-3"]
    assert all(path.parent == session.folder / "edits" for path in session.folder.rglob("*.png"))


def test_what_is_not_offered_keeps_its_name(studio, embedding):
    session = Session(Studio(embedding, ["c", "a"], {}, studio.out))
    assert session.library.names == ["c", "a"]
    assert session.take(picture(), "b.png").name == "b-2"
    assert session.save(Recipe("b"), "d").name == "d-2"


def test_an_upload_is_brought_to_size(session):
    upload = session.take(picture(), "holiday/../Zoë.PNG")
    assert upload.name == "Zoë"
    assert upload.pixels.shape == (16, 16, 3)
    assert not session.folder.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (picture((200, 100)), "at most 0.01 million pixels; it has 200 x 100. Scale it down first."),
        (b"", "the file is empty"),
        (b"/etc/passwd\n", "a format that Pillow reads; it begins with b'/etc/pas'"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing: export it as PNG"),
        (picture()[:200], "damaged or cut short"),
    ],
)
def test_what_is_no_picture_is_refused(session, data, message):
    with pytest.raises(ImageError, match="This file can't be used: .*" + message.replace("(", "[(]")):
        session.take(data, "list.txt")
    with pytest.raises(ConfigError, match="Choose a picture first"):
        session.begin()


def test_an_upload_becomes_a_picture_like_the_others(session, embedding):
    session.take(picture(kind="JPEG"), "a.jpeg")
    session.begin()
    *progress, end = session.embed(8)
    assert all(isinstance(news, Progress) for news in progress)
    assert end == Ended("a-2")
    assert session.library.names == [*embedding.names, "a-2"]
    record = session.library.record("a-2")
    assert (record["status"], record["steps"]) == ("done", 8)
    stored = load_embedding(session.folder / "embedded" / "a-2")
    assert stored.run["settings"]["noise"] == embedding.run["settings"]["noise"]
    assert torch.equal(session.library.latent("a-2").ws, stored["a-2"])
    assert np.array_equal(session.picture(Recipe("a-2")), to_uint8(stored.render())[0].numpy())
    session.picture(Recipe("a", towards="a-2", morph=0.5, style="a-2", layers=[1], mix=0.5))
    assert load_embedding(session.save(Recipe("a-2", psi=0.5), "x").latents).metrics["x"]["sources"] == {
        "a-2": record["sha256"]
    }


def test_stopping_leaves_nothing_and_harms_nothing(session, embedding):
    session.take(picture(), "new.png")
    session.begin()
    with pytest.raises(ConfigError, match="being embedded already"):
        session.begin()
    news = session.embed(3000)
    next(news)
    with pytest.raises(ConfigError, match="being embedded already"):
        session.take(picture(), "other.png")
    session.stop()
    assert list(news)[-1] == Ended(None)
    assert left(session) == []
    assert session.library.names == embedding.names
    session.begin()
    assert list(session.embed(2))[-1] == Ended("new")


def test_stopping_before_it_is_its_turn(session):
    session.take(picture(), "new.png")
    session.begin()
    session.stop()
    assert list(session.embed(3000)) == [Ended(None)]


def test_a_page_that_is_closed_ends_its_embedding(session):
    before = threading.active_count()
    session.take(picture(), "new.png")
    session.begin()
    news = session.embed(3000)
    next(news)
    news.close()
    assert threading.active_count() == before
    assert left(session) == []


def test_a_start_that_does_not_fit_is_told(studio):
    session = Session(Studio(studio.embedding, studio.names, {}, studio.out, init="nowhere"))
    session.take(picture(), "new.png")
    session.begin()
    with pytest.raises(ConfigError, match="init must be one of"):
        list(session.embed(2))
    assert left(session) == []
    session.begin()


def test_sessions_do_not_meet(studio):
    first, second = Session(studio), Session(studio)
    assert first.folder != second.folder
    first.take(picture(), "new.png")
    first.begin()
    assert list(first.embed(2))[-1] == Ended("new")
    assert "new" not in second.library.names
    second.save(Recipe("a"), "kept")
    assert "edits/kept.png" not in left(first)
