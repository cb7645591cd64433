"""Pages: self-contained HTML files that look alike, work without a server, and ask the network for nothing.

A page is a Jinja2 template in a folder of its owner, which extends ``base.html``::

    {% extends "base.html" %}
    {% set styles = ["index.css"] %}     {# files beside the template; both may be left out #}
    {% set scripts = ["index.js"] %}
    {% block title %}Experiments{% endblock %}
    {% block lead %}What was tried, and what came out.{% endblock %}
    {% block main %}
    <section class="panel">
      <h2>Results</h2>
      <img src="{{ picture }}" alt="anna, then anna older">
    </section>
    {% endblock %}

and is written by::

    pages = Pages(Path(__file__).parent / "templates")
    pages.write(out / "index.html", "index.html", picture=data_uri(pixels))

Values are escaped wherever they stand (``autoescape``), a value that is missing is an error (``StrictUndefined``), and
the page's own policy lets no script run but the files named in ``scripts``: whatever a picture is called, it stays
text. A script's data stand in the ``data`` block as JSON:
``<script type="application/json" id="data">{{ data | tojson }}</script>``.

``page.css`` has the looks: light and dark, phone to desktop. Beside plain elements it knows ``.panel`` (a framed
section), ``dl.figures`` (large numbers), ``.cards`` (a grid of pictures with captions), ``.scroll`` (around wide
tables; with ``tabindex="0"``, so that keys can scroll it), ``td.number``, ``.status`` (``data-status="done"``,
``early``, ``failed``), ``.note``, ``.faint`` and ``pre.command``.
"""

from i2s_lightning.pages.images import data_uri as data_uri
from i2s_lightning.pages.images import file_uri as file_uri
from i2s_lightning.pages.pages import Pages as Pages
