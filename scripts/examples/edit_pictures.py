"""Edits in Python, from the quick start: ``python scripts/examples/edit_pictures.py runs/embed runs/example``."""

# %% Open what `fit` left. Names are the pictures' file names.
import sys
from pathlib import Path

from i2s_lightning import edits, load_embedding

run, out = Path(sys.argv[1]), Path(sys.argv[2])
e = load_embedding(run)
first, second, third = e.names[:3]
print(f"{len(e)} pictures: {', '.join(e.names)}; the first two: {first}, {second}")

# %% Morph. An edit is a list of pictures to be; saving renders them one by one. The ending decides the form.
morph = edits.morph(e, [first, second, third], frames=24, timing="eased", loop=True)
morph.save(out / "morph.gif", fps=12, scale=2)

# %% Mix: pose and shape of one, colours of the other. `render` gives pictures in [-1, 1].
mixed = edits.mix(e, content=first, style=[second, third], layers="fine")
print(f"mixed: {tuple(mixed.render().shape)}")
mixed.save(out / "mix.png", scale=2)

# %% Transfer: what distinguishes the third from the second is added to the first.
edits.transfer(e, first, neutral=second, expression=third, strength="0:1:5", threshold=0).save(out / "transfer.png")

# %% Directions: found once, kept in a file, applied to any picture of the generator.
found = edits.find_sefa(e.generator, count=4)
edits.save_directions(out / "sefa.safetensors", found, e.generator)
edits.gallery(e.generator, found, strength="-2:2:5").save(out / "gallery.png")
edits.edit(e, direction=found["sefa_00"], strength=[-2, 0, 2]).save(out / "edit.png")

# %% Latents are tensors: anything of your own is a few lines.
halfway = (e[first] + e[second]) / 2
print(f"halfway: {tuple(e.generator.synthesis(halfway.unsqueeze(0)).shape)}")

# %% How far does each picture lie from what the generator knows?
for report in edits.report(e):
    print(f"{report.name:12} {report.typicality:5.2f}  {report.verdict}")
