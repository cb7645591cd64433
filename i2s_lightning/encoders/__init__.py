"""Networks that guess a picture's latent at once, for one generator each."""

from i2s_lightning.encoders.file import is_encoder as is_encoder
from i2s_lightning.encoders.file import load_encoder as load_encoder
from i2s_lightning.encoders.file import save_encoder as save_encoder
from i2s_lightning.encoders.file import shipped_encoder as shipped_encoder
from i2s_lightning.encoders.network import Encoder as Encoder
