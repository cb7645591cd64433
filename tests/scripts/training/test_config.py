from pathlib import Path

import pytest
from jsonargparse import ArgumentParser
from pytorch_lightning import Trainer
from training.pairs import PairData
from training.task import TrainGenerator

CONFIG = Path(__file__).parents[3] / "configs" / "train_generator.yaml"


def test_shipped_settings_fit_the_classes():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action="config")
    parser.add_argument("--seed_everything", type=int)
    parser.add_argument("--out", type=str)
    parser.add_class_arguments(PairData, "data")
    parser.add_class_arguments(TrainGenerator, "model")
    parser.add_class_arguments(Trainer, "trainer")
    config = parser.parse_args([f"--config={CONFIG}"])
    assert config.model.channels == [128, 128, 128, 64, 32]


def test_a_missing_data_set_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no \.npz files in .*; make some with scripts/render_faces\.py"):
        PairData(str(tmp_path)).setup("fit")
