import hashlib
import http.server
import threading
import time

import pytest

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators import download as module
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.download import download
from i2s_lightning.generators.named import NAMED, Named, cache_folder, named_file

DATA = bytes(range(256)) * 4096


class Server(http.server.BaseHTTPRequestHandler):
    """Serves DATA with ranges; ``plan`` says how each request goes wrong, in order."""

    plan: list[str]
    requests: list[str | None]
    etag = '"1"'

    def do_GET(self):
        fault = self.plan.pop(0) if self.plan else ""
        self.requests.append(self.headers["Range"])
        if fault == "hang":
            time.sleep(1)
            return
        if fault.isdigit():
            self.send_error(int(fault))
            return
        start = 0
        if self.headers["Range"] and self.headers["If-Range"] == self.etag and fault != "no ranges":
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        self.send_header("Content-Type", "text/html; charset=utf-8" if fault == "html" else "application/octet-stream")
        self.send_header("Content-Length", str(len(DATA) - start))
        self.send_header("ETag", self.etag)
        self.end_headers()
        self.wfile.write(DATA[start : len(DATA) // 2 if fault == "break" else None])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """A local server; nothing here goes further."""
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    handler = type("Handler", (Server,), {"plan": [], "requests": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        handler.url = f"http://127.0.0.1:{running.server_address[1]}/g.pkl"
        yield handler
        running.shutdown()
        thread.join()


def _rest(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_fetched_once(server, tmp_path):
    target = tmp_path / "deep" / "g.pkl"
    for _ in range(2):
        assert download(server.url, target, sha256=hashlib.sha256(DATA).hexdigest()) == target
    assert target.read_bytes() == DATA
    assert server.requests == [None]
    assert _rest(target.parent) == ["g.pkl"]


def test_says_what_it_does(server, tmp_path, capsys):
    download(server.url, tmp_path / "g.pkl", note="for research only")
    said = capsys.readouterr().err
    assert server.url in said
    assert "for research only" in said


def test_resumed_after_a_broken_connection(server, tmp_path):
    server.plan[:] = ["break", "break", ""]
    assert download(server.url, tmp_path / "g.pkl").read_bytes() == DATA
    assert server.requests == [None, f"bytes={len(DATA) // 2}-", f"bytes={len(DATA) // 2}-"]
    assert _rest(tmp_path) == ["g.pkl"]


def test_resumed_by_the_next_run(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TRIES", 1)
    server.plan[:] = ["break"]
    with pytest.raises(UnsupportedWeightsError, match=r"ended after 524,288 of 1,048,576 bytes.*what has come is kept"):
        download(server.url, tmp_path / "g.pkl")
    assert (tmp_path / "g.pkl.part").stat().st_size == len(DATA) // 2
    assert download(server.url, tmp_path / "g.pkl").read_bytes() == DATA


@pytest.mark.parametrize("change", ["no ranges", "another version"])
def test_started_over_when_the_server_can_not_continue(change, server, tmp_path):
    server.plan[:] = ["break", change]
    if change == "another version":
        (tmp_path / "g.pkl.part").write_bytes(b"of an older file")
        (tmp_path / "g.pkl.part.version").write_text('"0"')
    assert download(server.url, tmp_path / "g.pkl").read_bytes() == DATA


def test_wrong_hash_leaves_nothing(server, tmp_path):
    with pytest.raises(UnsupportedWeightsError, match=r"SHA-256 is .*, not 00: damaged on the way, or replaced"):
        download(server.url, tmp_path / "g.pkl", sha256="00")
    assert _rest(tmp_path) == []


def test_web_page_is_refused(server, tmp_path):
    server.plan[:] = ["html"] * 9
    with pytest.raises(UnsupportedWeightsError, match="a web page instead of the file"):
        download(server.url, tmp_path / "g.pkl")
    assert _rest(tmp_path) == []
    assert len(server.requests) == 1


def test_server_that_hangs_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TRIES", 2)
    server.plan[:] = ["hang"] * 9
    with pytest.raises(UnsupportedWeightsError, match=r"can't be fetched: .*timed out"):
        download(server.url, tmp_path / "g.pkl", timeout=0.1)
    assert len(server.requests) == 2


def test_error_of_the_server_is_tried_again_and_a_missing_file_is_not(server, tmp_path):
    server.plan[:] = ["503", ""]
    assert download(server.url, tmp_path / "g.pkl").read_bytes() == DATA
    server.plan[:] = ["404", ""]
    with pytest.raises(UnsupportedWeightsError, match="404"):
        download(server.url, tmp_path / "h.pkl")
    assert len(server.requests) == 3


def test_offline_says_which_file_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    monkeypatch.setenv("I2S_CACHE", str(tmp_path))
    monkeypatch.setitem(NAMED, "ffhq", Named("http://127.0.0.1:9/stylegan2-ffhq-1024x1024.pkl", 1024))
    place = tmp_path / "generators" / "stylegan2-ffhq-1024x1024.pkl"
    with pytest.raises(UnsupportedWeightsError, match=rf"on another machine and put it at {place}"):
        named_file("ffhq")
    place.write_bytes(b"by hand")
    assert named_file("ffhq") == place


def test_two_at_once_fetch_it_once(server, tmp_path):
    threads = [threading.Thread(target=download, args=(server.url, tmp_path / "g.pkl")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "g.pkl").read_bytes() == DATA
    assert server.requests == [None]


def test_place_of_the_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("I2S_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "i2s_lightning"
    monkeypatch.setenv("I2S_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


def test_table_is_sound():
    assert NAMED["ffhq"].url.endswith("/stylegan2-ffhq-1024x1024.pkl")
    assert NAMED["stylegan3-r-ffhqu-256"].url.endswith("/stylegan3-r-ffhqu-256x256.pkl")
    for named in NAMED.values():
        assert named.url.startswith("https://")
        assert named.sha256 is None or len(named.sha256) == 64
        assert named.licence
    assert len({named.url for named in NAMED.values()}) == len(NAMED)


def test_load_generator_takes_a_name(monkeypatch, tmp_path):
    monkeypatch.setenv("I2S_CACHE", str(tmp_path))
    place = tmp_path / "generators" / "stylegan2-metfaces-1024x1024.pkl"
    place.parent.mkdir()
    place.write_bytes(b"<html>")
    with pytest.raises(UnsupportedWeightsError, match="an HTML page"):
        load_generator("metfaces")
    with pytest.raises(UnsupportedWeightsError, match=r"one of faces64, ffhq, .*; 'ffgq' is neither"):
        load_generator("ffgq")
