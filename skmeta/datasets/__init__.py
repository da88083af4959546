"""Data sets to meta-learn from, in scikit-learn's manner."""

from __future__ import annotations

from skmeta.datasets.omniglot import fetch_omniglot
from skmeta.datasets.pictures import shrink_pictures
from skmeta.datasets.sample import load_omniglot_sample

__all__ = ["fetch_omniglot", "load_omniglot_sample", "shrink_pictures"]
