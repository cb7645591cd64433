"""How the pictures in flight are spread: three curves a measure, however many pictures there are."""

from typing import Any

import pytorch_lightning as pl
import torch

from i2s_lightning.tasks.embed import Embed

SHARES = (5, 50, 95)


class LogPercentiles(pl.Callback):
    """Logs the 5th, 50th and 95th percentile of the loss, its terms and PSNR over the pictures in flight.

    With several processes, over those of the first: nothing is exchanged during a round.
    """

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log a logged step's; the values stay on the device until Lightning fetches them."""
        assert isinstance(pl_module, Embed)
        if not pl_module.step_terms:
            return
        rows = dict(pl_module.step_terms)
        if pl_module.objective.pixel is not None:
            rows["psnr"] = 10 * (4 / rows[pl_module.objective.pixel]).log10()
        shares = torch.tensor(SHARES, device=rows["loss"].device) / 100
        spread = torch.stack(list(rows.values())).float().nanquantile(shares, dim=1)
        for share, values in zip(SHARES, spread, strict=True):
            pl_module.log_dict({f"pictures/{name}/p{share:02d}": v for name, v in zip(rows, values, strict=True)})
