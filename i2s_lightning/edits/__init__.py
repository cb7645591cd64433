"""Edits of embedded pictures, lazily rendered.

::

    e = i2s_lightning.load_embedding("runs/embed")
    edits.morph(e, ["anna", "ben"], frames=60).save("morph.mp4")
    edits.mix(e, content="anna", style="ruth", layers="fine").render()  # (N, C, H, W)
"""

from i2s_lightning.edits.latent import open_embedding as open_embedding
from i2s_lightning.edits.mixing import mix as mix
from i2s_lightning.edits.morphing import morph as morph
from i2s_lightning.edits.shots import Edit as Edit
from i2s_lightning.edits.shots import Shot as Shot
from i2s_lightning.edits.transferring import transfer as transfer
from i2s_lightning.edits.truncating import truncate as truncate
