import re

import numpy as np
from PIL import Image

from i2s_lightning import load_embedding
from i2s_lightning.callbacks.curves import LossCurves
from i2s_lightning.callbacks.report import WriteReport
from i2s_lightning.report import pictures_of


def test_fit_keeps_what_a_report_needs(embed, tmp_path, read_html):
    out = tmp_path / "run"
    embedding = embed.fit(out, callbacks=[WriteReport(str(out)), LossCurves()], steps=6, round_steps=3)
    html = read_html((out / "report.html").read_text())
    assert "5 pictures embedded in" in re.sub(r"\s+", " ", html.text)
    pictures = pictures_of(embedding, out / "report.html")
    for name, record in embedding.metrics.items():
        facts = pictures.read(record)
        assert (list(facts.steps), facts.note) == ([0, 1, 2, 3, 4, 5], "")
        assert facts.losses[-1] < facts.losses[0]
        assert (np.asarray(Image.open(pictures.path("target", name))) == Image.open(embed.folder / f"{name}.png")).all()


def test_curves_go_on_after_an_interruption(embed, tmp_path):
    out = tmp_path / "run"

    def callbacks():
        return [WriteReport(str(out)), LossCurves()]

    trainer = embed.trainer(out, callbacks(), max_steps=4)
    trainer.fit(embed.task(out, steps=6, round_steps=3), embed.data())
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    assert not (out / "report.html").exists()  # nobody is done yet
    embedding = embed.fit(out, callbacks=callbacks(), steps=6, round_steps=3, ckpt_path=tmp_path / "last.ckpt")
    facts = pictures_of(embedding, out / "report.html").read(embedding.metrics["a"])
    assert list(facts.steps) == [0, 1, 2, 3, 4, 5]


def test_a_switch_turns_it_off(embed, tmp_path, monkeypatch, capsys):
    from i2s_lightning.__main__ import main

    monkeypatch.chdir(tmp_path)
    options = [f"--model.generator={embed.generator}", f"--data.path={embed.folder}", "--model.steps=1"]
    options += ["--model.losses={pixel: {class_path: PixelLoss}}", "--trainer.accelerator=cpu", "--out=run"]
    assert main(["fit", *options, "--report=false"]) == 0
    assert not list((tmp_path / "run").glob("report*"))
    assert "report" not in capsys.readouterr().out
    assert len(load_embedding(tmp_path / "run")) == 5
