"""The studio as a user has it: a server of its own, driven through a real browser."""

import base64
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2s_lightning import edits, load_embedding, load_generator
from i2s_lightning.ops.images import to_uint8

PATIENCE = 60_000
"""Milliseconds; a machine that has other things to do is no failure."""

SPY = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        host = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = host[0] if isinstance(host, tuple) else host
        if host not in ("127.0.0.1", "localhost", "::1", None, b"localhost"):
            with open(os.environ["SPY"], "a") as file:
                print(event, host, file=file)
sys.addaudithook(note)
"""
"""Writes down every address outside this machine that the server's process wants to talk to."""


@dataclass(frozen=True)
class Server:
    address: str
    out: Path
    spied: Path
    uploads: Path


@pytest.fixture(scope="module")
def server(run, directions, generator_file, tmp_path_factory):
    """A studio with tight limits."""
    folder = tmp_path_factory.mktemp("server")
    edits.save_directions(folder / "d.safetensors", directions, load_generator(generator_file))
    (folder / "sitecustomize.py").write_text(SPY)
    (folder / "tmp").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = f"studio --embedding {run} --out {folder / 'out'} --port {port} --directions {folder / 'd.safetensors'}"
    limits = "--upload_megabytes 0.05 --upload_megapixels 0.01 --steps 60"
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path, "SPY": str(folder / "spied")}
    environment |= {"TMPDIR": str(folder / "tmp"), "HTTP_PROXY": "http://127.0.0.1:9"}  # nobody answers there
    command = [sys.executable, "-m", "i2s_lightning", *words.split(), *limits.split()]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    said = process.stdout.readline()
    assert said.startswith(f"The studio is at http://127.0.0.1:{port}/"), said
    yield Server(f"http://127.0.0.1:{port}", folder / "out", folder / "spied", folder / "tmp")
    process.terminate()
    process.wait(timeout=30)
    process.stdout.close()
    assert list((folder / "tmp").glob("i2s_studio_*")) == []


@pytest.fixture
def open_studio(server, page):
    """Open the studio in the page, or another one; whatever it asks for must come from this machine."""

    def open_studio(page=page):
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))
        page.goto(server.address)
        page.wait_for_selector("#view img")
        page.wait_for_selector("#strip img")
        return page

    asked = []
    yield open_studio
    assert [url for url in asked if not url.startswith((f"{server.address}/", "data:", "blob:"))] == []


def shown(page, selector="#view img"):
    """Decode the picture that is shown."""
    address = page.get_attribute(selector, "src")
    assert address.startswith("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def until(condition):
    deadline = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def slide(page, name, value):
    """Move a slider as a hand does."""
    page.eval_on_selector(
        f"#{name} input[type=range]",
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})); }",
        value,
    )


def pick(page, name, choice):
    """Choose from a list."""
    page.click(f"#{name} input")
    page.get_by_role("option", name=choice, exact=True).click()
    page.wait_for_selector("[role=option]", state="detached")  # the list fades


def pixels(image):
    return to_uint8(image.reshape(1, *image.shape[-3:]))[0].numpy()


def test_sliders_change_the_picture(open_studio, run):
    page, e = open_studio(), load_embedding(run)

    def becomes(edit):
        until(lambda: np.array_equal(shown(page), pixels(edit)))

    becomes(e.render_one("a") if e.names[0] == "a" else e.render_one(e.names[0]))
    page.click("#strip button >> text=/^b$/")
    becomes(e.render_one("b"))
    pick(page, "towards", "c")
    slide(page, "morph", 0.5)
    becomes(edits.morph(e, ["b", "c"], 3).render()[1])
    slide(page, "morph", 1)
    becomes(e.render_one("c"))
    slide(page, "morph", 0)
    pick(page, "style", "d")
    slide(page, "mix", 1)
    becomes(edits.mix(e, "b", "d", layers="half").render())
    page.click("#layers label >> text=/^3$/")
    becomes(edits.mix(e, "b", "d", layers=[4, 5]).render())
    page.click("#reset")
    becomes(e.render_one("b"))
    slide(page, "direction-0", -1)
    until(lambda: page.inner_text("#view figcaption") == "b, smile -1")
    slide(page, "direction-0", 0)
    pick(page, "neutral", "a")
    pick(page, "expression", "e")
    slide(page, "strength", 2)
    becomes(edits.transfer(e, "b", "a", "e", strength=2).render())
    pick(page, "expression", "a")
    page.wait_for_selector("#remark >> text=a and a differ by less than 1 in every layer")
    becomes(e.render_one("b"))
    slide(page, "strength", 0)
    slide(page, "psi", 0.5)
    becomes(edits.truncate(e, "b", psi=0.5).render())
    assert not page.is_visible("#remark")


def test_names_stay_text(open_studio, run, hostile):
    page = open_studio()
    page.click(f"#strip button >> nth={load_embedding(run).names.index(hostile)}")
    until(lambda: page.inner_text("#view figcaption") == hostile)
    assert page.get_attribute("#view img", "alt") == hostile
    pick(page, "towards", hostile)
    slide(page, "morph", 0.5)
    until(lambda: page.inner_text("#view figcaption") == f"{hostile}, 50% towards {hostile}")
    page.fill("#name textarea", "../../<b>x</b>\0")
    page.click("#save")
    page.wait_for_selector("#saved >> text=Saved as b_x_b:")
    assert page.locator("img[src=x], #saved b").count() == 0


def picture(path, size=(30, 40)):
    rough = np.random.default_rng(2).integers(0, 256, (4, 3, 3), dtype=np.uint8)
    Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


def give(page, path):
    page.set_input_files("#add input[type=file]", path)


def test_from_an_upload_to_what_is_saved(open_studio, server, tmp_path):
    page = open_studio()
    before = set(server.out.glob("*"))
    give(page, picture(tmp_path / "large.png", (200, 100)))
    page.wait_for_selector("#adding >> text=at most 0.01 million pixels; it has 200 x 100.")
    assert page.is_disabled("#embed")
    (tmp_path / "no.png").write_text("/etc/passwd\n")
    give(page, tmp_path / "no.png")
    page.wait_for_selector("#adding >> text=This file can't be used: expected a picture in a format that Pillow reads")
    give(page, picture(tmp_path / "<b>Me & you.png"))
    page.wait_for_selector("#adding >> text=This is what will be embedded.")
    assert shown(page, "#adding img").shape == (16, 16, 3)
    slide(page, "steps", 500)
    page.click("#embed")
    page.wait_for_selector("#adding >> text=/Step [1-9]\\d* of 500/")
    assert 0 < float(page.get_attribute("#adding progress", "value")) < 1
    assert page.is_disabled("#file")
    slide(page, "psi", 0.25)  # edits go on meanwhile
    until(lambda: page.inner_text("#view figcaption").endswith("truncated to 0.25"))
    page.click("#cancel")
    page.wait_for_selector("#adding >> text=Cancelled; nothing was kept.")
    slide(page, "steps", 50)
    page.click("#embed")
    page.wait_for_selector("#adding >> text=/bMe_you is embedded \\(PSNR .* dB, done\\)/")
    until(lambda: page.inner_text("#view figcaption") == "bMe_you")
    assert page.locator("#strip button").first.inner_text() == "bMe_you"
    slide(page, "psi", 0.5)
    pick(page, "style", "bMe_you")
    until(lambda: page.inner_text("#view figcaption").endswith("truncated to 0.5"))
    page.fill("#name textarea", "mine")
    page.click("#save")
    with page.expect_download() as download:
        page.click("#saved >> text=latent")
    (session,) = set(server.out.glob("*")) - before
    assert page.inner_text("#saved code") == str(session / "edits")
    again = load_embedding(session / "edits" / "mine.safetensors")
    assert np.array_equal(pixels(again.render()), np.asarray(Image.open(session / "edits" / "mine.png")))
    assert np.array_equal(shown(page), pixels(again.render()))
    assert again.metrics["mine"]["edit"] == {"picture": "bMe_you", "psi": 0.5}
    assert download.value.path().read_bytes() == (session / "edits" / "mine.safetensors").read_bytes()
    assert not list(server.uploads.rglob("*ou*"))


def test_sessions_do_not_disturb_each_other(open_studio, server, chromium, run, poor_contrasts, tmp_path):
    e, before = load_embedding(run), set(server.out.glob("*"))
    first = open_studio()
    context = chromium.new_context(color_scheme="dark")
    second = open_studio(context.new_page())
    assert poor_contrasts(first) == poor_contrasts(second) == []
    pick(first, "picture", "c")
    pick(second, "picture", "d")
    slide(second, "psi", 0.5)
    until(lambda: np.array_equal(shown(first), pixels(e.render_one("c"))))
    until(lambda: np.array_equal(shown(second), pixels(edits.truncate(e, "d", psi=0.5).render())))
    give(second, picture(tmp_path / "second.png"))
    second.wait_for_selector("#adding >> text=This is what will be embedded.")
    slide(second, "steps", 500)
    second.click("#embed")
    second.wait_for_selector("#adding >> text=/Step [1-9]/")
    give(first, picture(tmp_path / "first.png"))
    first.wait_for_selector("#adding >> text=This is what will be embedded.")
    slide(first, "steps", 50)
    first.click("#embed")
    first.wait_for_selector("#adding >> text=this one waits for it")
    context.close()  # ends the second's embedding: it is the first's turn
    first.wait_for_selector("#adding >> text=first is embedded")
    new = set(server.out.glob("*")) - before
    assert [path.stem for session in new for path in session.glob("embedded/*")] == ["first"]


def status(server, path, data=None, **headers):
    request = urllib.request.Request(f"{server.address}{path}", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_server_gives_nothing_away_and_asks_nobody(server, run, tmp_path):
    assert status(server, "/") == 200
    assert status(server, "/", Host="localhost:1") == status(server, "/", Host="[::1]") == 200
    for name in ("studio.evil.example", "127.0.0.1.evil.example", "[::1", ""):
        assert status(server, "/", Host=name) == 400
    for secret in ("/etc/passwd", run / "latents" / "000.safetensors", f"{server.out}/../d.safetensors"):
        assert status(server, f"/gradio_api/file={secret}") in (403, 404)
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="../../a.png"\r\n\r\n'
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert status(server, "/gradio_api/upload", body + bytes(60_000) + b"\r\n--x--\r\n", **form) == 413
    assert status(server, "/gradio_api/upload", body + b"small\r\n--x--\r\n", **form) == 200
    assert not list(server.uploads.parent.glob("a.png"))
    with urllib.request.urlopen(f"{server.address}/gradio_api/info", timeout=30) as answer:
        assert json.load(answer)["named_endpoints"] == {}
    assert not server.spied.exists(), server.spied.read_text()
