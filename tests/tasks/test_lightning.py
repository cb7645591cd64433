"""What we use of Lightning beyond its public interface: an upgrade that changes it must fail here."""

import pytorch_lightning as pl


def test_the_sigterm_broadcast_is_where_we_replace_it():
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    assert callable(trainer.fit_loop.epoch_loop._broadcast_sigterm_tensor)
    assert trainer.received_sigterm is False


def test_lightning_s_sigterm_exit_has_the_name_we_look_for():
    from pytorch_lightning.utilities.exceptions import SIGTERMException

    assert SIGTERMException.__name__ == "SIGTERMException"
    assert issubclass(SIGTERMException, SystemExit)
