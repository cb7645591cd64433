from pathlib import Path

import pytest
import torch
from generator_statistics import before_activation, principal_axes
from safetensors import safe_open

from i2s_lightning.generators import load_generator

SHIPPED = Path(__file__).parents[3] / "i2s_lightning" / "assets" / "faces64_stats.safetensors"


def test_principal_axes_whiten():
    rows = torch.randn(3000, 3, generator=torch.Generator().manual_seed(0)) @ torch.diag(torch.tensor([1.0, 5.0, 2.0]))
    axes = principal_axes(rows + 4)
    assert axes["std"].tolist() == pytest.approx([5, 2, 1], rel=0.1)
    white = (rows.double() + 4 - axes["mean"]) @ axes["basis"].T / axes["std"]
    torch.testing.assert_close(torch.cov(white.T), torch.eye(3).double())


def test_before_activation_undoes_the_leaky_relu():
    p = torch.tensor([[-2.0, 0.0, 3.0]])
    torch.testing.assert_close(before_activation(torch.nn.functional.leaky_relu(p, 0.2)), p)


def test_shipped_statistics_are_those_of_the_shipped_generator():
    generator = load_generator("faces64")
    with safe_open(SHIPPED, framework="pt") as file:
        assert file.metadata()["generator_sha256"] == generator.sha256
        mean, basis, std = (file.get_tensor(f"w_{name}") for name in ("mean", "basis", "std"))
    z = torch.randn(10_000, 128, generator=torch.Generator().manual_seed(5))  # thin axes have heavy tails
    w = torch.cat([generator.mapping(part)[:, 0] for part in z.split(2000)])
    white = (w - mean) @ basis.T / std
    assert white.mean(dim=0).abs().max() < 0.12  # 5 standard errors
    assert white.std(dim=0) == pytest.approx(1, abs=0.15)
    assert w.var(dim=0).mean().sqrt().item() == pytest.approx(0.44, rel=0.02)
