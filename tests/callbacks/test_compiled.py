import logging
import subprocess
import sys

import pytest
import torch

from i2s_lightning.callbacks.compiled import CompileStep, OrAsItIs

SCRIPT = """
import torch
from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators import StyleGAN2
from i2s_lightning.losses import PerceptualLoss, PixelLoss
from i2s_lightning.tasks.objective import Objective

torch.manual_seed(0)
generator = freeze(StyleGAN2(z_dim=8, w_dim=8, channels=(8, 8), mapping_layers=1))
objective = Objective({"pixel": PixelLoss(), "perceptual": PerceptualLoss(vgg=VGG)}, generator)
references = objective.prepare(torch.rand(2, 3, 8, 8))
ws = torch.randn(2, generator.num_ws, 8, requires_grad=True)

def step(ws):
    return objective(generator.synthesis(ws), ws, references)[0]

compiled = torch.compile(step, backend="aot_eager", dynamic=False, fullgraph=True)  # without generating code
for a, b in zip(*([loss, *torch.autograd.grad(loss.sum(), ws)] for loss in (step(ws), compiled(ws))), strict=True):
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
"""


def test_a_step_compiles_as_a_whole_and_to_the_same_values(vgg_file):
    """In a process of its own: here, types are checked at every call, which the compiler can't see through."""
    script = SCRIPT.replace("VGG)", f"{str(vgg_file)!r})")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_a_working_compiler_the_run_goes_on(embed, tmp_path, monkeypatch, caplog):
    calls = []

    def broken(*args):
        calls.append(1)
        raise ValueError("no C++ compiler\nand a long story")

    plain = embed.fit(tmp_path / "plain", steps=3)
    monkeypatch.setattr(torch, "compile", lambda function, **options: broken)
    with caplog.at_level(logging.WARNING):
        compiled = embed.fit(tmp_path / "compiled", steps=3, callbacks=[CompileStep("default")])
    assert torch.equal(compiled["a"], plain["a"])
    assert len(calls) == 1
    assert caplog.text.count("torch.compile failed") == 1
    assert "ValueError: no C++ compiler" in caplog.text
    assert "long story" not in caplog.text


def test_running_out_of_memory_is_not_the_compilers_fault():
    def full(latent, rows):
        raise torch.OutOfMemoryError("full")

    step = OrAsItIs(full, lambda latent, rows: pytest.fail("must not hide it"))
    with pytest.raises(torch.OutOfMemoryError):
        step(torch.zeros(1), slice(0, 1))
