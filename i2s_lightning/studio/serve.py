"""The server: on this machine alone unless told otherwise, and silent towards the rest of the world."""

import ipaddress
import logging
import os
import signal
import sys
import tempfile
import threading
from typing import Any

import torch

from i2s_lightning.errors import ConfigError
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
        ConfigError: Gradio is not installed, or the port is taken.
    """
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)  # what it says of each Trainer
    if studio.embedding.generator.img_resolution <= SMALL:
        torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="i2s_studio_") as uploads:
        os.environ |= SILENT | {"GRADIO_TEMP_DIR": uploads}
        page = _page(studio, path, steps)
        try:
            _, address, _ = page.app.launch(
                server_name=host, server_port=port, max_file_size=int(upload_megabytes * 2**20), **_settings(host)
            )
        except OSError as error:
            raise ConfigError(f"no server on {host}, port {port or 'any'}: {error}") from error
        sys.stdout.write(f"The studio is at {address} (Ctrl-C ends it). What is saved goes to {studio.out}\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: uploads go away with us
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("\n")
        finally:
            page.handlers.close()
            page.app.close(verbose=False)


def is_local(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone.

    Example:
        >>> is_local("127.0.0.1"), is_local("localhost"), is_local("::1"), is_local("0.0.0.0"), is_local("box.lan")
        (True, True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _page(studio: Studio, path: str, steps: int) -> Any:
    """Build the page; only now is Gradio imported, after it was told to be silent."""
    from i2s_lightning.studio.page import Page

    return Page(studio, path, steps)


def _settings(host: str) -> dict[str, Any]:
    """Give what ``launch`` is told: nothing shared, nothing fetched, nothing kept."""
    from i2s_lightning.studio.page import appearance

    middleware: list[Any] = []
    if is_local(host):  # a page elsewhere must not reach us under a name of its own (DNS rebinding)
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware

        middleware.append(Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"]))
    return {
        "app_kwargs": {"middleware": middleware},
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
