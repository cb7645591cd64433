"""What the page calls: each finds the browser's session, lets it work, and says in HTML what came of it."""

import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from i2s_lightning.errors import I2SError
from i2s_lightning.pages import data_uri
from i2s_lightning.studio import fragments
from i2s_lightning.studio.adding import Progress
from i2s_lightning.studio.controls import Controls
from i2s_lightning.studio.rendering import Pixels, pixels_of
from i2s_lightning.studio.session import Session, Studio

log = logging.getLogger(__name__)

SESSIONS = 256
"""Sessions that are remembered; the oldest then lose what they added (its files stay)."""
SHOWN, SHOWN_OF_LARGE, LARGE = 48, 12, 128
"""Pictures to click on; fewer of those that take the processor long to draw."""
THUMBNAIL = 96
"""Longest side of these."""


class Handlers:
    """The page's events.

    Args:
        studio: What all sessions share.
        controls: Turn their values into recipes.
    """

    def __init__(self, studio: Studio, controls: Controls) -> None:
        self._studio, self._controls = studio, controls
        self._sessions: dict[str, Session] = {}
        self._guard = threading.Lock()
        self._thumbnails: dict[str, str] = {}

    # ---- editing

    def show(self, request: gr.Request, *values: Any) -> tuple[Any, str]:
        """Draw what the controls say; an error takes the place of a new picture when they contradict each other."""
        recipe, session = self._controls.recipe(values), self._session(request)
        try:
            pixels, remark = session.picture(recipe), session.remark(recipe)
        except I2SError as error:
            return gr.update(), fragments.note(str(error), "bad")
        return fragments.picture(pixels, recipe.sentence()), fragments.note(remark)

    def choose(self, request: gr.Request, event: gr.EventData) -> Any:
        """Take the picture that was clicked on."""
        names = self._shown(self._session(request))
        index = int(event.index)
        return names[index] if 0 <= index < len(names) else gr.update()

    def save(self, request: gr.Request, name: str, *values: Any) -> str:
        """Keep the edit."""
        recipe = self._controls.recipe(values)
        try:
            written = self._session(request).save(recipe, name or f"{recipe.picture}_edit")
        except (I2SError, OSError) as error:
            return fragments.note(f"Not saved: {error}", "bad")
        return fragments.saved(written)

    def strip(self, request: gr.Request) -> str:
        """Show pictures to choose from."""
        session = self._session(request)
        names = self._shown(session)
        pictures = [(name, self._thumbnail(session, name)) for name in names]
        return fragments.strip(pictures, len(session.library.names) - len(names))

    # ---- adding a picture

    def take(self, request: gr.Request, file: str) -> tuple[str, Any]:
        """Look at an upload; the file itself is deleted."""
        path, session = Path(file), self._session(request)
        try:
            upload = session.take(path.read_bytes(), path.name)
        except I2SError as error:
            return fragments.note(str(error), "bad"), gr.update(interactive=False)
        finally:
            path.unlink(missing_ok=True)
        return fragments.adding(upload, "This is what will be embedded."), gr.update(interactive=True)

    def begin(self, request: gr.Request) -> tuple[Any, ...]:
        """Get ready to embed; another session's picture may come first."""
        session = self._session(request)
        try:
            session.begin()
        except I2SError as error:
            raise gr.Error(str(error), print_exception=False) from error
        assert session.upload is not None
        text = "Getting ready. If another picture is being embedded, this one waits for it."
        return fragments.adding(session.upload, text, progress=Progress()), *_buttons(running=True)

    def embed(self, request: gr.Request, steps: int) -> Iterator[Sequence[Any]]:
        """Embed the upload; yields the progress, and new lists of pictures at the end."""
        session = self._session(request)
        upload = session.upload
        assert upload is not None
        same = [gr.update()] * (1 + len(self._controls.choices) + len(self._controls.amounts))
        try:
            for news in session.embed(int(steps)):
                if isinstance(news, Progress):
                    yield fragments.adding(upload, _told(news), progress=news), *_buttons(running=True), *same
                elif news.name is None:
                    text = "Cancelled; nothing was kept. It can be embedded again."
                    yield fragments.adding(upload, text), *_buttons(running=False, ready=True), *same
                else:
                    yield self._added(request, session, news.name)
        except (I2SError, OSError, RuntimeError) as error:  # a full disk, or no memory: torch's are RuntimeErrors
            log.exception("embedding %s", upload.name)
            text = f"This picture can't be embedded: {error}"
            yield fragments.adding(upload, text, "bad"), *_buttons(running=False, ready=True), *same

    def cancel(self, request: gr.Request) -> None:
        """End the embedding at its next step."""
        self._session(request).stop()

    def leave(self, request: gr.Request) -> None:
        """Stop working for a page that was closed."""
        self._session(request).stop()

    def close(self) -> None:
        """Stop working for anybody."""
        for session in self._sessions.values():
            session.stop()

    # ---- help

    def _session(self, request: gr.Request) -> Session:
        with self._guard:
            session = self._sessions.setdefault(str(request.session_hash), Session(self._studio))
            while len(self._sessions) > SESSIONS:
                self._sessions.pop(next(iter(self._sessions))).stop()
        return session

    def _added(self, request: gr.Request, session: Session, name: str) -> Sequence[Any]:
        """Offer a picture that was embedded just now, and show it as it is."""
        record, names = session.library.record(name), session.library.names
        text = f"{name} is embedded (PSNR {record['psnr']:.1f} dB, {record['status']}), and is in the lists now."
        lists = [gr.update(choices=names, value=name), *(gr.update(choices=names) for _ in self._controls.choices[1:])]
        return (
            fragments.note(text, "good"),
            *_buttons(running=False),
            self.strip(request),
            *lists,
            *self._controls.idle(),
        )

    def _shown(self, session: Session) -> list[str]:
        """Name the pictures to click on: what was added first, as far as there is room."""
        own = len(self._studio.names)
        names = session.library.names
        room = SHOWN if self._studio.embedding.generator.img_resolution <= LARGE else SHOWN_OF_LARGE
        return [*names[own:][::-1], *names[:own]][:room]

    def _thumbnail(self, session: Session, name: str) -> str:
        """Draw a picture for the strip; those that all sessions share are drawn once."""
        if name in self._thumbnails:
            return self._thumbnails[name]
        small = _shrunk(pixels_of(self._studio.embedding, session.library.latent(name)))
        address = data_uri(small, "jpeg")
        if name in self._studio.embedding:
            self._thumbnails[name] = address
        return address


def _buttons(*, running: bool, ready: bool = False) -> tuple[Any, Any, Any]:
    """Set the buttons that choose a picture, begin its embedding, and cancel it."""
    return (
        gr.update(interactive=not running),
        gr.update(interactive=ready, visible=not running),
        gr.update(visible=running),
    )


def _told(progress: Progress) -> str:
    if progress.step == 0:
        return "Getting ready."
    psnr = "" if progress.psnr is None else f", PSNR {progress.psnr:.1f} dB"
    return f"Step {progress.step} of {progress.steps}{psnr}"


def _shrunk(pixels: Pixels) -> Pixels:
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    return np.asarray(image).reshape(image.height, image.width, pixels.shape[2])
