"""Every family and container against what the official code computed from the same file."""

import pytest
import torch

from i2s_lightning.generators.build import build
from i2s_lightning.generators.formats import read_generator_state

ADA, SG3, TF = "nv_stylegan2_ada_pytorch", "nv_stylegan3", "nv_tf"
CASES = {
    f"{ADA}/sg2ada_cond32.pkl": f"{ADA}/sg2ada_cond32.npz",
    f"{ADA}/sg2ada_resnet32.pkl": f"{ADA}/sg2ada_resnet32.npz",
    f"{ADA}/sg2ada_res4_w128.pkl": f"{ADA}/sg2ada_res4_w128.npz",
    f"{ADA}/sg2ada_skip32_m8.torch_save_module.pt": f"{ADA}/sg2ada_skip32_m8.npz",
    f"{SG3}/sg3t_32.pkl": f"{SG3}/sg3t_32.npz",
    f"{SG3}/sg3r_256_narrow.pkl": f"{SG3}/sg3r_256_narrow.npz",
    f"{TF}/tf_sg1_32.pkl": f"{TF}/tf_sg1_32.npz",
    f"{TF}/tf_sg2_32_cond.pkl": f"{TF}/tf_sg2_32_cond.npz",
    f"{TF}/tf_sg2ada_32.pkl": f"{TF}/tf_sg2ada_32.npz",
    "rosinality_sg2/ros_sg2_32.legacy_container.pt": "rosinality_sg2/ros_sg2_32.npz",
    "genforce/genforce_sg2_32.pth": "genforce/genforce_sg2_32.npz",
    "genforce/genforce_sg1_128_fused.pth": "genforce/genforce_sg1_128_fused.npz",
    # The same weights as the TensorFlow file; lernapparat's own code uses another epsilon (see below).
    "lernapparat/lern_sg1_32.for_g_all.pt": f"{TF}/tf_sg1_32.npz",
    "rosinality_sg1/ros_sg1_32.bare.model": "rosinality_sg1/ros_sg1_32.npz",
}
NO_NOISE_MAPS = ("lernapparat", "rosinality_sg1")


def _error(found, expected):
    return float((found - expected).abs().max() / expected.abs().max())


def _generator(golden, name):
    return build(read_generator_state(golden / name, 32 if name.endswith(".model") else None))


def _noise(generator, oracle):
    """The noise maps that the official code was given, where the file does not hold them."""
    if "noise_res0" in oracle:
        return [oracle[f"noise_res{i // 2}"] for i in range(len(generator.noise_shapes))]
    return [oracle[f"noise{i}"] for i in range(len(generator.noise_shapes))]


@pytest.mark.parametrize("name", CASES)
def test_value_of_styles_and_images(name, golden, arrays):
    generator, oracle = _generator(golden, name), arrays(CASES[name])
    noise = None
    if name.startswith(NO_NOISE_MAPS):
        own = arrays("lernapparat/lern_sg1_32.npz") if name.startswith("lern") else oracle
        noise = _noise(generator, own)
    c = oracle["c"] if generator.c_dim else None
    with torch.no_grad():
        found = {"w": generator.mapping(oracle["z"], c)[:, 0]}
        if "ws" in oracle:
            ws = generator.mapping(oracle["z"], c)
            found["ws"] = ws
            found["image_const"] = generator.synthesis(ws, noise=noise)
            found["image_none"] = generator.synthesis(ws, noise_mode="none")
            found["image_wp_none"] = generator.synthesis(oracle["wp"], noise_mode="none")
        found["image_wp_const"] = generator.synthesis(oracle["wp"], noise=noise)
    errors = {key: _error(value, oracle[key]) for key, value in found.items() if key in oracle}
    assert "image_wp_const" in errors
    assert max(errors.values()) < 2e-5, errors


@pytest.mark.parametrize("name", [name for name in CASES if "256" not in name and "128" not in name])
def test_gradient_of_an_image_by_its_styles(name, golden, arrays):
    generator, oracle = _generator(golden, name), arrays(CASES[name])
    noise = None
    if name.startswith(NO_NOISE_MAPS):
        own = arrays("lernapparat/lern_sg1_32.npz") if name.startswith("lern") else oracle
        noise = _noise(generator, own)
    exact = "grad_wp_const_f64" in oracle
    if exact:
        generator, oracle = generator.double(), {key: value.double() for key, value in oracle.items()}
        noise = None if noise is None else [oracle_map.double() for oracle_map in noise]
    expected = oracle["grad_wp_const_f64"] if exact else oracle["grad_wp_const"]
    wp = oracle["wp"].requires_grad_(True)
    (generator.synthesis(wp, noise=noise) * oracle["fixed"]).sum().backward()
    # Files in another layout than NVIDIA's: converting their numbers (times a factor, plus 1) rounds to float32.
    exactly = 1e-9 if name.startswith((ADA, SG3)) else 5e-7
    assert wp.grad is not None
    assert _error(wp.grad, expected) < (exactly if exact else 5e-5)


def test_value_of_truncation(golden, arrays):
    generator, oracle = _generator(golden, f"{TF}/tf_sg1_32.pkl"), arrays(f"{TF}/tf_sg1_32.npz")
    with torch.no_grad():
        whole = generator.mapping(oracle["z"], None, 0.7)
        cut = generator.mapping(oracle["z"], None, 0.7, 8)
    assert _error(whole, oracle["ws_psi07"]) < 2e-5
    assert _error(cut, oracle["ws_psi07_cut8"]) < 2e-5


def test_lernapparats_own_outputs_agree_as_far_as_its_epsilon_allows(golden, arrays):
    generator = _generator(golden, "lernapparat/lern_sg1_32.for_g_all.pt")
    oracle = arrays("lernapparat/lern_sg1_32.npz")
    with torch.no_grad():
        image = generator.synthesis(oracle["wp"], noise=_noise(generator, oracle))
    assert 1e-5 < _error(image, oracle["image_wp_const"]) < 1e-3


def test_stylegan3_takes_the_users_transform(golden, arrays):
    generator, oracle = _generator(golden, f"{SG3}/sg3t_32.pkl"), arrays(f"{SG3}/sg3t_32.npz")
    generator.synthesis.input.transform.copy_(oracle["user_transform"])
    with torch.no_grad():
        image = generator.synthesis(oracle["wp"])
    assert _error(image, oracle["image_wp_user_transform"]) < 2e-5
