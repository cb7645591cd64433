"""What the controls' values mean, without a browser."""

import subprocess
import sys

SCRIPT = """
import gradio as gr
from i2s_lightning.studio.controls import Controls
from i2s_lightning.studio.recipe import Recipe

for known in (True, False):
    with gr.Blocks(analytics_enabled=False):
        controls = Controls(["a", "b"], [4, 8, 8], ["smile"], expressions=known)
    recipe = controls.recipe([control.value for control in controls.all])
    assert recipe.within is known, recipe
    assert recipe.effective() == Recipe("a"), recipe.effective()
print("fine")
"""


def test_as_it_opens_nothing_is_done_and_transfers_keep_to_expressions_where_there_are_some():
    """In a process of its own: Gradio leaves an event loop open."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("fine\n"), done.stderr
