"""NVIDIA's TensorFlow pickles: stylegan, stylegan2, stylegan2-ada."""

from typing import Any

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.state import GeneratorState

from .problems import damaged, shown
from .stand_ins import TensorFlowNetwork
from .stylegan2_layout import state_of
from .tensorflow_layouts import Options, mapping_tensors, number_option, stylegan1, stylegan2
from .weights import Weights

_VERSIONS = (2, 3, 4, 5)

#: Build arguments that change the mathematics, with the only value that is supported; absent means default.
_FIXED: dict[str, dict[str, Any]] = {
    "stylegan2": {"normalize_latents": True},
    "stylegan1": {
        "normalize_latents": True,
        "use_wscale": True,
        "mapping_use_wscale": True,
        "use_instance_norm": True,
        "use_pixel_norm": False,
        "use_styles": True,
        "use_noise": True,
        "const_input_layer": True,
        "nonlinearity": "lrelu",
        "mapping_nonlinearity": "lrelu",
        "blur_filter": [1, 2, 1],
        "fused_scale": "auto",
    },
}


def is_tensorflow(root: object) -> bool:
    """Whether a file's root object is a TensorFlow network or a tuple of them."""
    return isinstance(root, TensorFlowNetwork) or (
        isinstance(root, tuple | list) and any(isinstance(item, TensorFlowNetwork) for item in root)
    )


def read_tensorflow(root: Any) -> GeneratorState:
    """Read ``Gs`` of a TensorFlow pickle.

    Args:
        root: ``(G, D, Gs)``, ``(G, D)`` or one network.

    Raises:
        UnsupportedWeightsError: There is no generator in it, or one that differs from NVIDIA's.
    """
    network, notes = _generator_of(root)
    entries, options = _variables(network)
    weights = Weights(entries, "the TensorFlow generator")
    family = "stylegan1" if any("StyleMod" in name for name in weights) else "stylegan2"
    for name, value in _FIXED[family].items():
        if name in options and options[name] != value:
            raise UnsupportedWeightsError(
                f"the network was built with {name}={shown(options[name])}; only {value} is supported"
            )
    tensors = mapping_tensors(weights)
    config = (stylegan1 if family == "stylegan1" else stylegan2)(weights, tensors, options)
    config["mapping_lr_multiplier"] = number_option(options, "mapping_lrmul", 0.01)
    weights.drop("lod", "synthesis/lod")
    weights.finish()
    source = {"format": f"NVIDIA TensorFlow pickle (version {network.state['version']})", "notes": notes}
    return state_of(family, config, tensors, source)


def _generator_of(root: Any) -> tuple[TensorFlowNetwork, list[str]]:
    items = [root] if isinstance(root, TensorFlowNetwork) else root
    networks = [item for item in items if isinstance(item, TensorFlowNetwork)]
    generators = [network for network in networks if _components(network)]
    if not generators:
        raise UnsupportedWeightsError(
            "the file holds TensorFlow networks but no generator with mapping and synthesis (perhaps only a "
            "discriminator); use a snapshot (G, D, Gs)"
        )
    chosen = generators[-1]
    version = chosen.state.get("version")
    if version not in _VERSIONS:
        raise UnsupportedWeightsError(
            f"the TensorFlow network has version {shown(version)}; 2 to 5 are known. Save it anew with NVIDIA's code"
        )
    averaged = isinstance(root, TensorFlowNetwork) or len(networks) == 3
    return chosen, [] if averaged else ["holds only G, not the moving average Gs: samples are of lower quality"]


def _components(network: TensorFlowNetwork) -> dict[str, TensorFlowNetwork]:
    components = network.state.get("components")
    if not isinstance(components, dict):
        return {}
    found = {name: components.get(name) for name in ("mapping", "synthesis")}
    return {name: part for name, part in found.items() if isinstance(part, TensorFlowNetwork)}


def _variables(network: TensorFlowNetwork) -> tuple[dict[str, object], Options]:
    entries: dict[str, object] = {}
    options: Options = {}
    for prefix, part in [("", network), *((f"{name}/", part) for name, part in _components(network).items())]:
        variables, arguments = part.state.get("variables"), part.state.get("static_kwargs")
        if not isinstance(variables, list) or not isinstance(arguments, dict):
            raise damaged("a TensorFlow network lacks its variables")
        for variable in variables:
            if not isinstance(variable, tuple) or len(variable) != 2 or not isinstance(variable[0], str):
                raise damaged("a TensorFlow network has a variable without a name")
            entries[prefix + variable[0]] = variable[1]
        options |= arguments
    return entries, options
