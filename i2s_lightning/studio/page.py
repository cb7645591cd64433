"""The page: what stands where, and which control calls what."""

from pathlib import Path
from typing import Any

import gradio as gr

from i2s_lightning.studio import fragments
from i2s_lightning.studio.adding import FEWEST, MOST
from i2s_lightning.studio.controls import Controls
from i2s_lightning.studio.handlers import Handlers
from i2s_lightning.studio.session import Studio

CSS = Path(__file__).parent / "templates" / "studio.css"
CHOOSE = """element.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) trigger("click", {index: Number(button.dataset.index)});
});"""
"""Tells which button of the strip was clicked on."""


class Page:
    """Gradio's blocks.

    Args:
        studio: What all sessions share.
        path: Where the embedding is, for the heading.
        steps: What the slider of steps shows first.

    Attributes:
        app: To be launched.
        handlers: What it calls.
    """

    def __init__(self, studio: Studio, path: str, steps: int) -> None:
        with gr.Blocks(title="Studio", analytics_enabled=False) as self.app:
            gr.HTML(fragments.head(studio, path), elem_id="head")
            with gr.Row(elem_id="work"):
                with gr.Column(scale=5, elem_id="left"):
                    self._picture()
                    self._adding(steps)
                with gr.Column(scale=6, elem_id="right"):
                    self.strip = gr.HTML(js_on_load=CHOOSE, elem_id="strip")
                    self.controls = Controls(
                        studio.names,
                        studio.embedding.generator.layer_resolutions,
                        studio.directions,
                        expressions=studio.expressions is not None,
                    )
            self.handlers = Handlers(studio, self.controls)
            self._wire_editing()
            self._wire_adding()

    def _picture(self) -> None:
        self.view = gr.HTML(elem_id="view")
        self.remark = gr.HTML(elem_id="remark")
        with gr.Row(elem_id="keep"):
            self.reset = gr.Button("Start over", elem_id="reset", scale=0, min_width=110)
            self.name = gr.Textbox(
                placeholder="Name", label="Name", show_label=False, container=False, elem_id="name", min_width=100
            )
            self.save = gr.Button("Save", variant="primary", elem_id="save", scale=0, min_width=110)
        self.saved = gr.HTML(elem_id="saved")

    def _adding(self, steps: int) -> None:
        with gr.Group(elem_classes="part", elem_id="add"):
            with gr.Row():
                self.file = gr.UploadButton(
                    "Add a picture", file_types=["image"], elem_id="file", scale=0, min_width=140
                )
                self.steps = gr.Slider(FEWEST, MOST, steps, step=10, label="Steps", elem_id="steps", min_width=120)
                self.embed = gr.Button("Embed", interactive=False, elem_id="embed", scale=0, min_width=110)
                self.cancel = gr.Button("Cancel", visible=False, elem_id="cancel", scale=0, min_width=110)
            self.adding = gr.HTML(elem_id="adding")

    def _wire_editing(self) -> None:
        calls, controls = self.handlers, self.controls
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        render = quiet | {"trigger_mode": "always_last", "concurrency_id": "render"}
        changes = [control.change for control in controls.all]
        gr.on([self.app.load, *changes], calls.show, controls.all, [self.view, self.remark], **render)
        self.app.load(calls.strip, None, self.strip, **quiet)
        self.strip.click(calls.choose, None, controls.choices[0], **quiet)
        self.reset.click(controls.idle, None, controls.amounts, **quiet)
        self.save.click(calls.save, [self.name, *controls.all], self.saved, **quiet)
        self.app.unload(calls.leave)

    def _wire_adding(self) -> None:
        calls = self.handlers
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        buttons = [self.file, self.embed, self.cancel]
        lists = [self.strip, *self.controls.choices, *self.controls.amounts]
        self.file.upload(calls.take, self.file, [self.adding, self.embed], **quiet)
        begun = self.embed.click(calls.begin, None, [self.adding, *buttons], queue=False, **quiet)
        begun.success(calls.embed, self.steps, [self.adding, *buttons, *lists], concurrency_limit=1, **quiet)
        self.cancel.click(calls.cancel, None, None, queue=False, **quiet)


def appearance() -> dict[str, Any]:
    """Give the looks: fonts of the system, so nothing to fetch; colours stand in the style sheet."""
    text, code = ["system-ui", "sans-serif"], ["ui-monospace", "monospace"]
    theme = gr.themes.Base(neutral_hue="stone", text_size="sm", spacing_size="sm", font=text, font_mono=code)
    return {"theme": theme, "css_paths": [CSS]}
