"""Embedding steps: one picture's (or several pictures') loss and its gradient."""

from collections.abc import Callable
from functools import partial

import torch
from bench.harness import Case, Step, Values, Variant
from bench.parts import SYNTHESIS, VGG
from bench.reference import Reference
from torch import Tensor, nn
from torch.profiler import record_function

from i2s_lightning.features.frozen import freeze
from i2s_lightning.generators import StyleGAN2, load_generator
from i2s_lightning.generators.base import Generator
from i2s_lightning.losses import PerceptualLoss, PixelLoss
from i2s_lightning.tasks.objective import Objective

SHIPPED = 64


def official(resolution: int) -> StyleGAN2:
    """Build configuration f of StyleGAN2 at a resolution, with random weights."""
    torch.manual_seed(0)
    channels = [min(512, 32768 // (4 * 2**i)) for i in range((resolution // 4).bit_length())]
    generator = StyleGAN2(channels=channels)
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("noise_strength"):
                parameter.fill_(0.1)
    return freeze(generator)


def start(resolution: int, batch: int) -> tuple[Generator, Tensor, Tensor]:
    """Give a generator, latents and targets."""
    generator = load_generator("faces64") if resolution == SHIPPED else official(resolution)
    rng = torch.Generator().manual_seed(1)
    spread = 0.1 * torch.randn(batch, generator.num_ws, generator.w_dim, generator=rng)
    target = torch.rand(batch, 3, *generator.img_shape, generator=rng) * 2 - 1
    return generator, generator.w_avg + spread, target


def ours(resolution: int, batch: int, dtype: torch.dtype) -> Step:
    """Compute the paper's objective as ``fit`` does."""
    generator, ws, target = start(resolution, batch)
    perceptual = PerceptualLoss()
    objective = Objective({"pixel": PixelLoss(), "perceptual": perceptual}, generator)
    references = objective.prepare(target)
    _named(generator.synthesis, SYNTHESIS)
    _named(perceptual.features, VGG)

    def step() -> Values:
        latent = ws.clone().requires_grad_()
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            image = generator.synthesis(latent)
            loss = objective(image, latent, references)[0]
        return _values(image, loss.sum(), latent)

    return step


def usual(resolution: int, batch: int, dtype: torch.dtype) -> Step:
    """Compute the same as public implementations do."""
    generator, ws, target = start(resolution, batch)
    generator, ws, target = generator.to(dtype), ws.to(dtype), target.to(dtype)
    loss = PerceptualLoss().to(dtype)
    assert isinstance(generator, StyleGAN2)
    reference = Reference(generator, loss.features.vgg, list(loss.layers))
    with torch.no_grad():
        features = reference.features(target)

    def step() -> Values:
        latent = ws.clone().requires_grad_()
        image = reference.image(latent)
        return _values(image, reference.loss(image, target, features), latent)

    return step


def _named(module: nn.Module, part: str) -> None:
    """Let profiles show what happens in a module."""
    module.forward = record_function(part)(module.forward)


def _values(image: Tensor, loss: Tensor, latent: Tensor) -> Values:
    (gradient,) = torch.autograd.grad(loss, latent)
    return {"image": image.detach(), "gradient": gradient}


def case(name: str, resolution: int, batch: int, fast: torch.dtype = torch.float32) -> Case:
    """Compare one step with the usual way to compute it."""
    make = partial(partial, resolution=resolution, batch=batch)
    half = fast == torch.bfloat16
    variants = [
        Variant("usual, float32", make(usual, dtype=torch.float32), tolerance=5e-4),  # rounds more than ours
        Variant(f"ours, {'bfloat16' if half else 'float32'}", make(ours, dtype=fast), tolerance=0.05 if half else 1e-4),
    ]
    exact = make(usual, dtype=torch.float64)
    return Case(f"{name}-{resolution}-{batch}", "same", batch, variants, exact, questions=["saved"])


def profiled(resolution: int) -> Case:
    """Tell where the time of one picture's step goes."""
    options = {"resolution": resolution, "batch": 1, "dtype": torch.float32}
    ways: list[tuple[str, Callable[..., Step]]] = [("usual, float32", usual), ("ours, float32", ours)]
    variants = [Variant(name, partial(way, **options), tolerance=1e-3) for name, way in ways]
    return Case(f"profile-{resolution}", "profile", 1, variants, repeats=2, questions=["profile"])


CASES = [case("step", resolution, batch) for resolution in (SHIPPED, 256, 1024) for batch in (1, 4)]
CASES += [case("half", resolution, 1, torch.bfloat16) for resolution in (SHIPPED, 256, 1024)]
CASES += [profiled(resolution) for resolution in (SHIPPED, 256, 1024)]
