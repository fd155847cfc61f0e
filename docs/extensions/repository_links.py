"""A Sphinx extension: links to texts at the top of the repository, and to scripts, lead to their pages on the site."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

PAGES = {"../README.md": "index.md", "../CHANGELOG.md": "changelog.md", "../SECURITY.md": "reporting.md"}


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _rewrite(app: Sphinx, docname: str, source: list[str]) -> None:
    for target, page in PAGES.items():
        source[0] = source[0].replace(f"]({target}", f"]({page}")
    source[0] = re.sub(r"\]\(gallery/(\w+)\.py\)", r"](examples/\1.rst)", source[0])
