import shutil

import numpy as np
from PIL import Image

from i2s_lightning.report import pictures_of, prepare

NAMES = ["anna", "sub/ben"]


def make(run, **options):
    embedding = run.embedding
    pictures = pictures_of(embedding, run.page)
    asked = []

    def track(names):
        asked.extend(names)
        return names

    lacking = prepare(embedding, pictures, track=track, **({"data": None, "renders": run.folder / "renders"} | options))
    return pictures, asked, lacking


def test_targets_and_renders_are_read(run):
    pictures, asked, lacking = make(run.add(NAMES))
    assert (asked, lacking) == (NAMES, [])
    for name in NAMES:
        assert (np.asarray(Image.open(pictures.path("target", name))) == run.target(name)).all()
        assert (np.asarray(Image.open(pictures.path("embedding", name))) == run.render(name)).all()


def test_renders_that_are_lost_or_damaged_come_out_of_the_latent(run):
    run.add(NAMES)
    before = {name: run.render(name) for name in NAMES}
    (run.folder / "renders" / "anna.png").unlink()
    (run.folder / "renders" / "sub" / "ben.png").write_bytes(b"")
    pictures, *_ = make(run)
    for name in NAMES:
        assert (np.asarray(Image.open(pictures.path("embedding", name))) == before[name]).all()


def test_targets_that_are_gone_or_changed_are_told_and_tried_again(run, tmp_path):
    run.add(NAMES)
    shutil.move(run.data, tmp_path / "moved")
    Image.new("RGB", (16, 16)).save(tmp_path / "moved" / "anna.png")
    pictures, _, lacking = make(run)
    assert lacking == NAMES
    assert "If it has moved, say where" in pictures.read(run.embedding.metrics["anna"]).note
    pictures, asked, lacking = make(run, data=tmp_path / "moved")
    assert (asked, lacking) == (NAMES, ["anna"])
    assert "its contents have changed" in pictures.read(run.embedding.metrics["anna"]).note
    assert pictures.read(run.embedding.metrics["sub/ben"]).note == ""


def test_imported_latents_have_no_targets(run):
    run.add(NAMES)
    for result in run.results:
        del result.record["file"], result.record["sha256"]
        result.record["status"] = "imported"
    del run.run["settings"]["data"]
    pictures, _, lacking = make(run.add([]))
    assert lacking == NAMES
    note = pictures.read(run.embedding.metrics["anna"]).note
    assert note == "'anna' is imported: only what fit has finished has a target on record"
    assert (np.asarray(Image.open(pictures.path("embedding", "anna"))) == run.render("anna")).all()


def test_what_is_kept_needs_neither_data_nor_renders_nor_generator(run):
    run.add(NAMES).keep()
    for folder in (run.data, run.folder / "renders"):
        shutil.rmtree(folder)
    embedding = run.embedding
    embedding._asked_generator = "gone.safetensors"
    assert prepare(embedding, pictures_of(embedding, run.page), data=None, renders=None) == []


def test_curves_survive_a_second_search_for_targets(run):
    run.add(["anna"]).keep()
    pictures = pictures_of(run.embedding, run.page)
    record, first = run.embedding.metrics["anna"], pictures.read(run.embedding.metrics["anna"])
    pictures.write(record, run.render("anna"), None, type(first)(first.steps, first.losses, "not found"))
    _, asked, lacking = make(run)
    assert (asked, lacking) == (["anna"], [])
    assert pictures.read(record) == first
