"""What a report of a problem should say."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from skmeta._version import __version__

PACKAGES = (
    "scikit-learn",
    "numpy",
    "scipy",
    "joblib",
    "safetensors",
    "pandas",
    "matplotlib",
    "keras",
    "tensorflow",
    "jax",
    "flaml",
    "tpot",
    "autogluon.tabular",
    "optuna",
)


def show_versions() -> None:
    """Print the versions of Python, the machine, and the packages that matter here.

    Nothing is imported.

    Examples
    --------
    >>> import skmeta
    >>> skmeta.show_versions()  # doctest: +ELLIPSIS
    skmeta: 0...
    """
    lines = {
        "skmeta": __version__,
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "machine": f"{platform.platform()}, {os.cpu_count()} CPUs",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "not set"),
    }
    for package in PACKAGES:
        try:
            lines[package] = version(package)
        except PackageNotFoundError:
            lines[package] = "not installed"
    for name, value in lines.items():
        print(f"{name}: {value}")
