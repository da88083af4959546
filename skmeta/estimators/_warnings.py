"""Warnings that name the user's line."""

from __future__ import annotations

import sys
import warnings


def warn(message: str) -> None:
    """Warn at the nearest line outside of this package, however deep the call is."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("skmeta."):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


def warn_once(warned: set, what, message: str) -> None:
    """Warn, unless that was told of: a stream would hear it with each row."""
    if what not in warned:
        warn(message)
        warned.add(what)  # behind the warning: it may be made an error
