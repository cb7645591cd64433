from i2s_lightning.checkpoints.embedding import Embedding as Embedding
from i2s_lightning.checkpoints.embedding import load_embedding as load_embedding
from i2s_lightning.checkpoints.store import Result as Result
