import shutil

import pytest

from i2s_lightning.__main__ import main


@pytest.fixture
def folder(embed, tmp_path):
    embed.fit(tmp_path / "run", steps=1)
    return tmp_path / "run"


def test_a_run_gets_its_report(folder, capsys, read_html):
    assert main(["report", str(folder)]) == 0
    assert f"wrote {folder / 'report.html'}" in capsys.readouterr().out
    html = read_html((folder / "report.html").read_text())
    assert len(list((folder / "report_files" / "target").iterdir())) == 5
    assert "PSNR" in html.text


def test_targets_that_moved_are_asked_for_and_found(folder, embed, tmp_path, capsys):
    shutil.move(embed.folder, tmp_path / "moved")
    assert main(["report", str(folder)]) == 0
    assert "5 targets are not to be found" in capsys.readouterr().out
    assert "If it has moved, say where" in (folder / "report.html").read_text()
    assert main(["report", str(folder), f"--data={tmp_path / 'moved'}"]) == 0
    assert "not to be found" not in capsys.readouterr().out
    assert "If it has moved, say where" not in (folder / "report.html").read_text()


def test_an_exported_file_gets_one_beside_it(folder, tmp_path):
    assert main(["export", str(folder), str(tmp_path / "all.safetensors")]) == 0
    shutil.rmtree(folder)
    assert main(["report", str(tmp_path / "all.safetensors")]) == 0
    assert len(list((tmp_path / "all_files" / "embedding").iterdir())) == 5
    assert (tmp_path / "all.html").exists()


def test_pictures_in_flight_are_shown(embed, tmp_path, capsys):
    trainer = embed.trainer(tmp_path / "run", max_steps=2)
    trainer.fit(embed.task(tmp_path / "run", steps=4), embed.data())
    trainer.save_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert main(["report", str(tmp_path / "run")]) == 0
    assert "2 targets are not to be found" in capsys.readouterr().out
    assert "2 in flight" in (tmp_path / "run" / "report.html").read_text()


def test_mistakes_are_told(folder, capsys):
    assert main(["report", str(folder), "--out=report.png"]) == 1
    assert "expected a page that ends in .html for --out; got report.png" in capsys.readouterr().err
    assert main(["report", str(folder / "nowhere")]) == 1
    assert "no embedding at" in capsys.readouterr().err
