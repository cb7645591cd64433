"""What the paper states and what holds on the shipped generator: real embeddings, few and short."""

import pytest

from i2s_lightning.data.decode import read_picture
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.experiments.findings import ordered
from i2s_lightning.experiments.gallery import Gallery
from i2s_lightning.experiments.lab import Lab, Setup, image
from i2s_lightning.experiments.plan import plans
from i2s_lightning.experiments.studies.loss import variants
from i2s_lightning.experiments.transforms import shifted
from i2s_lightning.experiments.untrained import untrained_twin
from i2s_lightning.metrics import psnr

WORDS = ["--model.steps", "30", "--model.optimizer.init_args.lr", "0.05", "--trainer.accelerator", "cpu"]
WORDS += ["--trainer.devices", "1", "--trainer.enable_progress_bar", "false", "--report", "false"]
NAMES = ["faces/anna", "faces/ruth"]
PIXEL = {"pixel": {"class_path": "PixelLoss", "init_args": {"weight": 1.0}}}
"""Where PSNR decides, what it measures is minimised; and it is quick."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    setup = Setup(tmp_path_factory.mktemp("experiments"), words=WORDS)
    lab = Lab(setup, plans()["spaces"], Gallery(setup.out / "pictures", {}))
    lab.gallery.take("faces")
    return lab


@pytest.fixture(scope="module")
def free(lab):
    """Two faces in W+, by their pixels."""
    return lab.embed(NAMES, losses=PIXEL)


@pytest.fixture(scope="module")
def whole(lab):
    """Two faces in W+ by the paper's loss, and one of them moved by a seventh of its width."""
    side = lab.generator().img_resolution
    face = Preprocess()(read_picture(lab.gallery.path(NAMES[0]), 3), (side, side))
    lab.gallery.put("affine/moved", shifted(face, side // 7))
    return lab.embed([*NAMES, "affine/moved"])


def scores(embedding, key):
    return [embedding.metrics[name][key] for name in NAMES]


def test_w_plus_beats_w_beats_z(lab, free):
    found = {space: scores(lab.embed(NAMES, space=space, losses=PIXEL), "psnr") for space in ("z", "w")}
    assert ordered("W+ beats W beats Z.", found | {"W+": scores(free, "psnr")}).holds


def test_trained_weights_beat_random_ones(lab, free):
    twin = lab.embed(NAMES, generator=str(untrained_twin(lab.generator(), lab.setup.out)), losses=PIXEL)
    assert ordered("Trained beats random.", {"random": scores(twin, "psnr"), "trained": scores(free, "psnr")}).holds


def test_a_shifted_face_has_a_larger_loss(whole):
    assert whole.metrics["affine/moved"]["loss"] > whole.metrics[NAMES[0]]["loss"]


def test_the_paper_s_loss_beats_the_error_alone_and_one_layer_perceptually(lab, free, whole):
    one_layer = variants(lab.settings["model"]["losses"], "conv3_2")["one layer"]
    one = scores(lab.embed(NAMES, losses=one_layer), "perceptual")
    both = scores(whole, "perceptual")
    assert ordered("Better than the error alone.", {"both": both, "error": scores(free, "perceptual")}).holds
    assert ordered("Better than one layer.", {"both": both, "one": one}).holds


def test_embedding_again_loses(lab, free):
    again = [lab.gallery.put(f"again/{name.replace('/', '-')}", lab.render(free, name)) for name in NAMES]
    second = lab.embed(again, losses=PIXEL)
    pairs = zip(again, NAMES, strict=True)
    distances = [float(psnr(image(lab.render(second, a)), image(lab.target(free, n)))) for a, n in pairs]
    assert ordered("Once is nearer than twice.", {"twice": distances, "once": scores(free, "psnr")}).holds


def test_random_weights_are_random_and_the_twin_is_alike(lab):
    path = untrained_twin(lab.generator(), lab.setup.out)
    twin, own = lab.generator(str(path)), lab.generator()
    assert twin.sha256 != own.sha256
    assert twin.config == own.config
    assert untrained_twin(own, lab.setup.out) == path
