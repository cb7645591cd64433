"""Pages: what users wrote stays text, only our scripts run, and everything can be read."""

import base64
import io

import jinja2
import numpy as np
import pytest
from PIL import Image

from i2s_lightning.pages import Pages, data_uri

HOSTILE = """</script><script>window.broken = 1</script>"'><img src=x onerror="window.broken = 1">"""

TEMPLATE = """
{% extends "base.html" %}
{% set styles = ["own.css"] %}
{% set scripts = ["own.js"] %}
{% block title %}{{ title }}{% endblock %}
{% block lead %}A page with everything that the style sheet knows.{% endblock %}
{% block main %}
<dl class="figures"><div><dt>PSNR</dt><dd>31.4 <small>27 to 36 dB</small></dd></div></dl>
<section class="panel">
  <h2 id="first">Pictures</h2>
  <p>Some text with a <a href="#first">link</a>, and <span class="faint">less of it</span>. <button>Go on</button></p>
  <p class="note">Mind this.</p>
  <ul class="cards">
    <li><figure><img src="{{ picture }}" alt="{{ title }}"><figcaption>{{ title }}</figcaption></figure></li>
  </ul>
  <div class="scroll" tabindex="0">
    <table>
      <caption>Scores</caption>
      <thead><tr><th>name</th><th class="number">PSNR</th></tr></thead>
      <tr><td><span class="status" data-status="done">{{ title }}</span></td><td class="number">31.4</td></tr>
    </table>
  </div>
  <pre class="command">python -m i2s_lightning fit --data.path {{ title }}</pre>
</section>
{% endblock %}
{% block data %}<script type="application/json" id="data">{{ title | tojson }}</script>{% endblock %}
"""


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html").write_text(TEMPLATE)
    (folder / "own.css").write_text("h2 { text-indent: 7px; } /* {{ not for Jinja }} & <b> */")
    (folder / "own.js").write_text("window.ran = `${JSON.parse(document.getElementById('data').textContent)}`;")
    return Pages(folder)


@pytest.fixture
def picture():
    return data_uri(np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8))


def test_what_users_wrote_stays_text(pages, picture, read_html):
    page = read_html(pages.render("page.html", title=HOSTILE, picture=picture))
    assert [image["alt"] for image in page.named("img")] == [HOSTILE]
    assert len(page.named("script")) == 2
    assert HOSTILE in page.text


def test_what_a_template_lacks_is_an_error_and_leaves_the_old_page(pages, picture, tmp_path):
    path = tmp_path / "out" / "page.html"
    pages.write(path, "page.html", title="first", picture=picture)
    before = path.read_bytes()
    with pytest.raises(jinja2.UndefinedError, match="picture"):
        pages.write(path, "page.html", title="second")
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]


def test_names_that_are_no_unicode_are_written_visibly(pages, picture, tmp_path):
    pages.write(tmp_path / "page.html", "page.html", title="caf\udce9", picture=picture)
    assert r"caf\udce9" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_data_uris_hold_the_picture(kind, channels):
    ramp = np.linspace(0, 255, 32 * 32).astype(np.uint8).reshape(32, 32, 1).repeat(channels, axis=2)
    head, _, body = data_uri(ramp, kind).partition(",")
    assert head == f"data:image/{kind};base64"
    back = np.asarray(Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB" if channels == 3 else "L"))
    assert np.abs(back.reshape(ramp.shape).astype(int) - ramp).max() <= (0 if kind == "png" else 12)


def test_only_our_scripts_run_and_nothing_is_asked_for(pages, picture, tmp_path, page):
    asked, said = [], []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    html = pages.render("page.html", title=HOSTILE, picture=picture)
    # Even if escaping failed somewhere, the page's policy would stop what came in:
    html = html.replace("<footer", "<script>window.broken = 2</script><img src='https://example.org/x.png'><footer")
    (tmp_path / "page.html").write_text(html)
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("[window.ran, window.broken]") == [HOSTILE, None]
    assert page.evaluate("getComputedStyle(document.querySelector('h2')).textIndent") == "7px"
    assert len([text for text in said if "Content Security Policy" in text]) == 2
    assert [url for url in asked if not url.startswith("data:")] == [(tmp_path / "page.html").as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_on_a_phone(pages, picture, tmp_path, page, poor_contrasts, scheme):
    pages.write(tmp_path / "page.html", "page.html", title="a" * 200, picture=picture)
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme)
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert poor_contrasts(page) == []


def test_focus_can_be_seen_and_the_first_key_leads_to_the_content(pages, picture, tmp_path, page):
    pages.write(tmp_path / "page.html", "page.html", title="a", picture=picture)
    page.goto((tmp_path / "page.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
