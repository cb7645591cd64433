"""Networks against official outputs, in float64, beyond what the tests of the formats compare."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from i2s_lightning.generators import build, load_generator
from i2s_lightning.generators.load import read_state

GOLDEN = Path(__file__).parents[1] / "golden"


def oracle(name, dtype=torch.float64):
    with np.load(GOLDEN / f"{name}.npz") as file:
        return {key: torch.from_numpy(file[key]).to(dtype) for key in file}


def relative(got, want):
    return float((got - want).abs().max() / want.abs().max())


def image_and_gradient(generator, expected, noise=None):
    wp = expected["wp"].clone().requires_grad_()
    image = generator.synthesis(wp, noise=noise)
    (image * expected["fixed"]).sum().backward()
    return image.detach(), wp.grad


@pytest.mark.parametrize("name", ["sg2ada_nonoise32", "sg3r_32"])
def test_value_and_gradient_float64(name):
    """No noise inputs with other activations; StyleGAN3-R with its radial filters."""
    generator, expected = load_generator(GOLDEN / "native" / f"{name}.safetensors").double(), oracle(f"native/{name}")
    assert relative(generator.mapping(expected["z"])[:, 0], expected["w_f64"]) < 1e-12
    image, gradient = image_and_gradient(generator, expected)
    assert relative(image, expected["image_wp_const_f64"]) < 1e-9
    assert relative(gradient, expected["grad_wp_const_f64"]) < 1e-9


@pytest.mark.parametrize(("name", "limit"), [("sg2ada_nonoise32", 5e-5), ("sg3r_32", 5e-3)])
def test_value_and_gradient_float32(name, limit):
    generator = load_generator(GOLDEN / "native" / f"{name}.safetensors")
    expected = oracle(f"native/{name}", torch.float32)
    cut = generator.mapping(expected["z"], truncation_psi=0.7, truncation_cutoff=min(4, generator.num_ws - 1))
    assert relative(cut, expected["ws_psi07_cut"]) < 2e-6
    image, gradient = image_and_gradient(generator, expected)
    assert relative(image, expected["image_wp_const"]) < 2e-6
    assert relative(gradient, expected["grad_wp_const"]) < limit


def test_stylegan3_r_takes_the_users_transform():
    generator, expected = load_generator(GOLDEN / "native/sg3r_32.safetensors"), oracle("native/sg3r_32", torch.float32)
    generator.synthesis.input.transform.copy_(expected["user_transform"])
    assert relative(generator.synthesis(expected["wp"]), expected["image_wp_user_transform"]) < 2e-6


def test_gradient_of_stylegan1_with_fused_layers():
    expected = oracle("genforce/genforce_sg1_128_fused")
    generator = load_generator(GOLDEN / "genforce/genforce_sg1_128_fused.pth").double()
    fixed = np.random.RandomState(501011).randn(2, 3, 128, 128).astype(np.float32)  # as the oracle's script drew it
    expected["fixed"] = torch.from_numpy(fixed).double()
    _, gradient = image_and_gradient(generator, expected)
    assert relative(gradient, expected["grad_wp_const_f64"]) < 1e-9


def test_stylegan1_with_lernapparats_epsilon_is_lernapparats_network():
    state = read_state(GOLDEN / "lernapparat/lern_sg1_32.for_g_all.pt")
    generator = build(dataclasses.replace(state, config={**state.config, "norm_eps": 1e-5})).double()
    expected = oracle("lernapparat/lern_sg1_32")
    noise = [expected[f"noise{i}"] for i in range(8)]
    image, gradient = image_and_gradient(generator, expected, noise)
    assert relative(image, expected["image_wp_const_f64"]) < 1e-9
    assert relative(gradient, expected["grad_wp_const_f64"]) < 1e-9
