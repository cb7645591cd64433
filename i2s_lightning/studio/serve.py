"""The server: on this machine alone unless told otherwise, and silent towards the rest of the world."""

import logging
import os
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from typing import Any

import torch

from i2s_lightning.errors import ConfigError
from i2s_lightning.studio.hosts import OwnNamesOnly, is_local
from i2s_lightning.studio.session import Studio

SILENT = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
"""Gradio and what it stands on send usage data otherwise."""
SMALL = 128
"""Up to so many pixels a side, one thread draws faster than several that wait for each other."""


def serve(studio: Studio, path: str, *, host: str, port: int | None, upload_megabytes: float, steps: int) -> None:
    """Serve the page until somebody interrupts.

    Args:
        studio: What to serve.
        path: Where the embedding is, for the heading.
        host: The address to listen on.
        port: Its port; None: the first free one from 7860.
        upload_megabytes: Larger uploads are refused.
        steps: What the slider of steps shows first.

    Raises:
        ConfigError: The port is taken, or the address is not this machine's.
    """
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)  # what it says of each Trainer
    if studio.embedding.generator.img_resolution <= SMALL:
        torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="i2s_studio_") as uploads:
        os.environ |= SILENT | {"GRADIO_TEMP_DIR": uploads, "NO_PROXY": _without_proxy()}
        page = _page(studio, path, steps)
        address = _launch(page.app, host, port, upload_megabytes)
        sys.stdout.write(f"The studio is at {address} (Ctrl-C ends it). What is saved goes to {studio.out}\n")
        sys.stdout.flush()
        try:
            _wait()
        finally:
            page.handlers.close()
            page.app.close(verbose=False)


def _wait() -> None:
    """Wait for Ctrl-C, or for SIGTERM: uploads are to be deleted then, too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def _without_proxy() -> str:
    """Name those to talk to directly: Gradio looks whether its server answers, which no proxy can tell."""
    return ",".join(filter(None, [os.environ.get("NO_PROXY", os.environ.get("no_proxy")), "localhost,127.0.0.1,::1"]))


def _launch(app: Any, host: str, port: int | None, upload_megabytes: float) -> str:
    """Start the server in threads of its own, and give its address."""
    limit = int(upload_megabytes * 2**20)
    try:
        _, address, _ = app.launch(server_port=port, max_file_size=limit, **_settings(host))
    except OSError as error:
        raise ConfigError(
            f"no server could be started on {host}, port {port or '7860 to 7959'}: taken, or not allowed. "
            "Give another --port or --host"
        ) from error
    return str(address)


def _page(studio: Studio, path: str, steps: int) -> Any:
    """Build the page; only now is Gradio imported, after it was told to be silent."""
    from i2s_lightning.studio.page import Page

    return Page(studio, path, steps)


def _settings(host: str) -> dict[str, Any]:
    """Give what ``launch`` is told: nothing shared, nothing fetched, nothing kept."""
    from starlette.middleware import Middleware

    from i2s_lightning.studio.page import appearance

    return {
        "server_name": f"[{host}]" if ":" in host else host,
        "app_kwargs": {"middleware": [Middleware(OwnNamesOnly)] if is_local(host) else []},
        "share": False,
        "ssr_mode": False,
        "mcp_server": False,
        "pwa": False,
        "enable_monitoring": False,
        "run_history": False,
        "footer_links": [],
        "prevent_thread_lock": True,
        "quiet": True,
        **appearance(),
    }
