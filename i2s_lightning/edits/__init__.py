"""Edits of embedded pictures, lazily rendered.

::

    e = i2s_lightning.load_embedding("runs/embed")
    edits.morph(e, ["anna", "ben"], frames=60).save("morph.mp4")
    edits.mix(e, content="anna", style="ruth", layers="fine").render()  # (N, C, H, W)
"""

from i2s_lightning.edits.direction_files import Direction as Direction
from i2s_lightning.edits.direction_files import find_direction as find_direction
from i2s_lightning.edits.direction_files import find_directions as find_directions
from i2s_lightning.edits.direction_files import load_directions as load_directions
from i2s_lightning.edits.direction_files import save_directions as save_directions
from i2s_lightning.edits.direction_files import shipped_directions as shipped_directions
from i2s_lightning.edits.finding import find_boundaries as find_boundaries
from i2s_lightning.edits.finding import find_ganspace as find_ganspace
from i2s_lightning.edits.finding import find_sefa as find_sefa
from i2s_lightning.edits.finding import read_labels as read_labels
from i2s_lightning.edits.latent import open_embedding as open_embedding
from i2s_lightning.edits.mixing import mix as mix
from i2s_lightning.edits.morphing import morph as morph
from i2s_lightning.edits.moving import edit as edit
from i2s_lightning.edits.moving import gallery as gallery
from i2s_lightning.edits.shared import shared_difference as shared_difference
from i2s_lightning.edits.shots import Edit as Edit
from i2s_lightning.edits.shots import Shot as Shot
from i2s_lightning.edits.space import Report as Report
from i2s_lightning.edits.space import neighbours as neighbours
from i2s_lightning.edits.space import report as report
from i2s_lightning.edits.space import typicality as typicality
from i2s_lightning.edits.transferring import Difference as Difference
from i2s_lightning.edits.transferring import transfer as transfer
from i2s_lightning.edits.truncating import truncate as truncate
