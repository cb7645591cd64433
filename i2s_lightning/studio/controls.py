"""The controls of an edit, and the recipe that their values mean."""

from collections.abc import Iterable, Sequence
from typing import Any

import gradio as gr

from i2s_lightning.ops.layers import layer_groups
from i2s_lightning.studio.recipe import Recipe

IDLE = {"morph": 0.0, "mix": 0.0, "strength": 0.0, "psi": 1.0}
"""Amounts with which the parts of an edit do nothing; directions have 0."""
REACH = 3.0
"""How far the directions' sliders go, in standard deviations."""


class Controls:
    """Lists of pictures and sliders; made inside the page that shows them.

    Args:
        names: Pictures to choose from.
        layer_resolutions: The generator's.
        directions: Names of those that get a slider.
        expressions: Whether expressions come with the generator.
    """

    def __init__(
        self, names: Sequence[str], layer_resolutions: Sequence[int], directions: Iterable[str], *, expressions: bool
    ) -> None:
        self.parts: dict[str, Any] = {}
        self.directions: dict[str, gr.Slider] = {}
        self._names = list(names)
        self._pictures()
        self._mix(layer_resolutions)
        self._expression(expressions)
        self._directions(directions)

    @property
    def all(self) -> list[Any]:
        """Every control, in the order that :meth:`recipe` takes their values."""
        return [*self.parts.values(), *self.directions.values()]

    @property
    def choices(self) -> list[Any]:
        """The lists of pictures; that of the picture to edit comes first."""
        return [self.parts[key] for key in ("picture", "towards", "style", "neutral", "expression")]

    @property
    def amounts(self) -> list[Any]:
        """The sliders that say how much, in the order of :meth:`idle`."""
        return [*(self.parts[key] for key in IDLE), *self.directions.values()]

    def idle(self) -> list[float]:
        """Give the amounts that leave the picture as it is."""
        return [*IDLE.values(), *(0.0 for _ in self.directions)]

    def recipe(self, values: Sequence[Any]) -> Recipe:
        """Say what the controls' values mean."""
        own, rest = values[: len(self.parts)], values[len(self.parts) :]
        amounts = dict(zip(self.directions, rest, strict=True))
        return Recipe(**dict(zip(self.parts, own, strict=True)), directions=amounts)

    def _pictures(self) -> None:
        with gr.Group(elem_classes="part"), gr.Row():
            self._choice("picture", "Picture", 0)
            self._choice("towards", "Morph towards", len(self._names) - 1)
            self._slider("morph", "How far", 0, 1)

    def _mix(self, layer_resolutions: Sequence[int]) -> None:
        count = len(layer_resolutions)
        groups = [
            f"{name} {layers[0]}" + (f"-{layers[-1]}" if len(layers) > 1 else "")
            for name, layers in layer_groups(layer_resolutions).items()
            if layers
        ]
        with gr.Group(elem_classes="part"):
            with gr.Row():
                self._choice("style", "Mix in layers of", len(self._names) // 2)
                self._slider("mix", "How much", 0, 1)
            self.parts["layers"] = gr.CheckboxGroup(
                [(str(layer), layer) for layer in range(count)],
                value=list(range(count // 2, count)),
                label=f"Layers ({', '.join(groups)})",
                elem_id="layers",
            )

    def _expression(self, known: bool) -> None:
        with gr.Group(elem_classes="part"):
            with gr.Row():
                self._choice("neutral", "Expression: at rest", 0)
                self._choice("expression", "Expression: shown", 1)
            with gr.Row():
                self._slider("strength", "Strength", -1, 2)
                self._slider("threshold", "Least difference", 0, 5, 1.0)
            if known:
                label = "Only what is an expression (instead of the least difference)"
                self.parts["within"] = gr.Checkbox(value=True, label=label, elem_id="within")

    def _directions(self, names: Iterable[str]) -> None:
        with gr.Group(elem_classes="part"), gr.Row():
            for name in names:
                self.directions[name] = gr.Slider(
                    -REACH, REACH, 0.0, step=0.05, label=name, elem_id=f"direction-{len(self.directions)}"
                )
            self._slider("psi", "Truncation", 0, 1, 1.0)

    def _choice(self, key: str, label: str, index: int) -> None:
        chosen = self._names[min(index, len(self._names) - 1)]
        self.parts[key] = gr.Dropdown(self._names, value=chosen, label=label, elem_id=key)

    def _slider(self, key: str, label: str, low: float, high: float, value: float = 0.0) -> None:
        self.parts[key] = gr.Slider(low, high, value, step=0.01, label=label, elem_id=key)
