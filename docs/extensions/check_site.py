"""Check the built site: every link, picture and anchor inside it leads somewhere.

python docs/extensions/check_site.py build/docs
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

GENERATED = ("genindex.html", "py-modindex.html", "search.html")
"""Pages of Sphinx itself."""


class Page(HTMLParser):
    """The anchors and the targets of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = {"", "top"}
        self.targets: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := found.get(name))}
        self.targets += [value for name in ("href", "src") if (value := found.get(name))]


def broken(site: Path) -> list[str]:
    """Return a line for each link of the site that leads nowhere."""
    written = (path for path in site.rglob("*.html") if path.name not in GENERATED and "_static" not in path.parts)
    pages = {path.resolve(): Page(path) for path in written}
    lines = []
    for path, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or parts.path in GENERATED:
                continue
            place = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not place.exists():
                lines.append(f"{path}: {target}: there is no such file")
            elif place in pages and unquote(parts.fragment) not in pages[place].anchors:
                lines.append(f"{path}: {target}: there is no such anchor")
    return sorted(set(lines))


if __name__ == "__main__":
    found = broken(Path(sys.argv[1]))
    print("\n".join(found) or f"all links inside {sys.argv[1]} lead somewhere")
    sys.exit(bool(found))
