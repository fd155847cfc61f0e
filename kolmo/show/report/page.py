"""The frame of all HTML pages: one file with its style and scripts, which may load nothing."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from kolmo._core.terminal import visible, visible_lines

_TEMPLATES = files("kolmo.show.report") / "templates"


def page_of(template: str, **content: Any) -> str:
    """Return an HTML page.

    All text is escaped: markup, control characters and bidirectional overrides are shown as text. The page states that
    browsers may run its own script and use its own style only, by their hashes, and load nothing.

    Parameters
    ----------
    template : str
        Name of a template, such as ``report.html.j2``.
    **content
        Its variables.

    Returns
    -------
    str
    """
    style, script = _asset("style.css"), _asset("script.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    rendered: str = (
        _environment()
        .get_template(template)
        .render(style=trusted(style), script=trusted(script), policy=policy, **content)
    )
    return rendered


def trusted(markup: str) -> Any:
    """Return markup that is inserted as it is: text in it is escaped already."""
    from markupsafe import Markup

    return Markup(markup)


@cache
def _environment() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        autoescape=True,
        finalize=_shown,
        loader=FunctionLoader(_asset),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["lines"] = _lines
    return made


def _shown(value: Any) -> Any:
    """Return what a template inserts: text in one line, without characters that control or hide other text."""
    return value if not isinstance(value, str) or hasattr(value, "__html__") else visible(value)


def _lines(text: str) -> Any:
    """Return text whose line feeds are kept."""
    from markupsafe import escape

    return escape(visible_lines(text))


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
