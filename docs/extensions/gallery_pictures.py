"""For sphinx-gallery: one style for all pictures, and pictures that a script saves beside itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.style
from sphinx.application import Sphinx
from sphinx_gallery.scrapers import figure_rst

STYLE = Path(__file__).parents[1] / "static" / "gallery.mplstyle"


def setup(app: Sphinx) -> dict[str, bool]:
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def reset_style(gallery_conf: dict[str, Any], name: str | None) -> None:
    """Take the style of the gallery before each script."""
    mpl.rcdefaults()
    mpl.style.use(STYLE)


def saved_pictures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Move the pictures that a block saved beside its script, such as by `kolmo.show.dendrogram`, to the gallery."""
    moved = []
    for path, picture in zip(
        sorted(Path(block_vars["src_file"]).parent.glob("*.png")), block_vars["image_path_iterator"], strict=False
    ):
        shutil.move(path, picture)
        moved.append(picture)
    return figure_rst(moved, gallery_conf["src_dir"])
