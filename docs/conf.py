"""Sphinx configuration: `make docs`."""

from skmeta import __version__

project = "skmeta"
author = "The skmeta developers"
release = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
html_theme = "pydata_sphinx_theme"
exclude_patterns = ["_build"]
autosummary_generate = True
# Methods that come from scikit-learn refer to pages of its documentation.
suppress_warnings = ["ref.ref"]
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3  # links to a heading, as on GitHub
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "plot_",
    "download_all_examples": False,
    "run_stale_examples": True,  # what they show depends on the package, too
}
