"""The documentation site: Sphinx with MyST, numpydoc and sphinx-gallery; `docs/build_all` builds it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "extensions")]

import kolmo  # noqa: E402

project = "Kolmo"
author = "The Kolmo developers"
project_copyright = author
version = release = kolmo.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "api_pages",
    "gallery_pictures",
    "repository_links",
]
templates_path = ["templates"]
exclude_patterns = ["gallery", "templates", "extensions"]
nitpicky = True
default_role = "autolink"  # a name in single backquotes links to its page if it has one

# pages
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]

# reference
autosummary_generate = True
autodoc_typehints = "none"  # the types stand in the docstrings, under Parameters and Returns
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

# gallery: EXAMPLES is a regular expression of the scripts that are run; the others are shown without a picture
sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["examples"],
    "filename_pattern": os.environ.get("EXAMPLES", "plot_"),
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": None,
    "reset_modules": ("gallery_pictures.reset_style",),
    "image_scrapers": ("matplotlib", "gallery_pictures.saved_pictures"),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
}

# site
html_theme = "pydata_sphinx_theme"
html_title = f"Kolmo {version}"
html_static_path = ["static"]
html_css_files = ["kolmo.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "Kolmo"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
html_sidebars = {"index": []}
