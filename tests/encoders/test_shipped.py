"""The encoder that ships: for the generator that ships, by the settings that ship, and better than the mean."""

import json
from pathlib import Path

import torch
import yaml
from safetensors import safe_open

from i2s_lightning.data import list_pictures, read_picture
from i2s_lightning.encoders import load_encoder, shipped_encoder
from i2s_lightning.encoders.file import BUNDLED
from i2s_lightning.generators import load_generator
from i2s_lightning.losses import PerceptualLoss, PixelLoss
from i2s_lightning.ops.images import from_uint8
from i2s_lightning.ops.resize import shrink
from i2s_lightning.tasks.objective import Objective

ROOT = Path(__file__).parents[2]
RENDERS = ("anna", "anna_laugh", "ben", "grace", "leo", "ruth")
PICTURES = ROOT / "i2s_lightning" / "assets" / "pictures"


def test_it_is_small_and_found_for_its_generator_and_by_its_name():
    generator = load_generator("faces64")
    assert shipped_encoder(generator).sha256 == load_encoder("faces64", generator).sha256
    assert BUNDLED["faces64"].stat().st_size < 6_000_000


def test_the_config_that_ships_made_it():
    with safe_open(BUNDLED["faces64"], "pt") as file:
        facts = json.loads(file.metadata()["facts"])
    config = yaml.safe_load((ROOT / "configs" / "encoder.yaml").read_text())
    model, settings = config["model"], facts["settings"]
    assert facts["step"] == settings["steps"] == model["steps"]
    assert settings["offsets"] == [model["offsets_from"], model["offsets_until"]]
    assert settings["seed"] == config["seed_everything"]
    for name in ("latent", "offset", "pictures_from"):
        assert settings[name] == model[name]


@torch.no_grad()
def test_it_starts_lower_than_the_mean_on_the_shipped_renders():
    generator = load_generator("faces64")
    pictures = [
        torch.from_numpy(read_picture(p.path, 3)).unsqueeze(0) for p in list_pictures(PICTURES) if p.name in RENDERS
    ]
    targets = torch.cat([shrink(from_uint8(picture), 64) for picture in pictures])
    objective = Objective({"pixel": PixelLoss(), "perceptual": PerceptualLoss()}, generator)
    references = objective.prepare(targets)
    encoder = shipped_encoder(generator)
    mean = generator.w_avg.expand(len(targets), generator.num_ws, -1)
    losses = [objective(generator.synthesis(ws), ws, references)[0] for ws in (mean, encoder(targets))]
    assert len(targets) == len(RENDERS)
    assert (losses[1] < losses[0]).all()
    assert losses[1].mean() < 0.7 * losses[0].mean()
