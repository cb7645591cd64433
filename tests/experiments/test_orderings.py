"""What the paper states and what holds on the shipped generator: real embeddings, few and short."""

import pytest

from i2s_lightning.data.decode import read_picture
from i2s_lightning.data.preprocess import Preprocess
from i2s_lightning.experiments.findings import ordered
from i2s_lightning.experiments.gallery import Gallery
from i2s_lightning.experiments.lab import Lab, Setup
from i2s_lightning.experiments.plan import plans
from i2s_lightning.experiments.transforms import shifted
from i2s_lightning.experiments.untrained import untrained_twin

pytestmark = pytest.mark.slow

WORDS = ["--model.steps", "20", "--model.optimizer.init_args.lr", "0.05", "--trainer.accelerator", "cpu"]
WORDS += ["--trainer.devices", "1", "--trainer.enable_progress_bar", "false"]
NAMES = ["faces/anna", "faces/ruth"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    setup = Setup(tmp_path_factory.mktemp("experiments"), words=WORDS)
    lab = Lab(setup, plans()["spaces"], Gallery(setup.out / "pictures", {}))
    lab.gallery.take("faces")
    return lab


@pytest.fixture(scope="module")
def free(lab):
    """Two faces in W+, and one of them moved by a seventh of its width."""
    side = lab.generator().img_resolution
    face = Preprocess()(read_picture(lab.gallery.path(NAMES[0]), 3), (side, side))
    lab.gallery.put("affine/moved", shifted(face, side // 7))
    return lab.embed([*NAMES, "affine/moved"])


def scores(embedding, key, names=NAMES):
    return [embedding.metrics[name][key] for name in names]


def test_w_plus_beats_w_beats_z(lab, free):
    found = {word: scores(lab.embed(NAMES, space=space), "psnr") for word, space in (("Z", "z"), ("W", "w"))}
    assert ordered("W+ beats W beats Z.", found | {"W+": scores(free, "psnr")}).holds


def test_trained_weights_beat_random_ones(lab, free):
    twin = lab.embed(NAMES, generator=str(untrained_twin(lab.generator(), lab.setup.out)))
    assert ordered("Trained beats random.", {"random": scores(twin, "psnr"), "trained": scores(free, "psnr")}).holds


def test_a_shifted_face_has_a_larger_loss(free):
    assert free.metrics["affine/moved"]["loss"] > free.metrics[NAMES[0]]["loss"]


def test_the_sum_of_losses_beats_the_error_alone_perceptually(lab, free):
    pixel = {"pixel": {"class_path": "PixelLoss", "init_args": {"weight": 1.0}}}
    alone = lab.embed(NAMES, losses=pixel)
    found = {"both": scores(free, "perceptual"), "alone": scores(alone, "perceptual")}
    assert ordered("Both are nearer than the error alone.", found).holds


def test_random_weights_are_random_and_the_twin_is_alike(lab):
    path = untrained_twin(lab.generator(), lab.setup.out)
    twin, own = lab.generator(str(path)), lab.generator()
    assert twin.sha256 != own.sha256
    assert twin.config == own.config
    assert untrained_twin(own, lab.setup.out) == path
