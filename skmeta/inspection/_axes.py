"""Axes to draw on, made where none are given. The one place that imports pyplot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from skmeta.files import check_folder


def check_picture(path):
    """See that matplotlib could draw into a file: its folder, and its format.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    OSError
        If there is no folder for it.
    ValueError
        If matplotlib has no such format.
    """
    check_folder(path)
    from matplotlib.backend_bases import FigureCanvasBase

    formats, suffix = FigureCanvasBase.get_supported_filetypes(), Path(path).suffix.lower()[1:]
    if suffix and suffix not in formats:  # without one it is png
        raise ValueError(f"{path} is no picture of {', '.join(sorted(formats))}.")


def one_axes(display, ax, figsize=None):
    """Return the given Axes, or those of a new figure.

    Parameters
    ----------
    display : object
        Who draws; named in the message where matplotlib is missing.
    ax : matplotlib Axes or None
    figsize : pair of float, optional
        Inches of a new figure.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    if ax is None:
        from matplotlib import pyplot as plt

        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    return ax


def grid_of_axes(display, ax, shape, figsize=None):
    """Return the given Axes as an array of a shape, or those of a new figure.

    Parameters
    ----------
    display : object
        Who draws.
    ax : array-like of matplotlib Axes, or None
    shape : pair of int
        Rows and columns.
    figsize : pair of float, optional
        Inches of a new figure.

    Returns
    -------
    axes : ndarray of Axes, of this shape

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there are more or fewer Axes.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    if ax is None:
        from matplotlib import pyplot as plt

        _, axes = plt.subplots(
            *shape, figsize=figsize, layout="constrained", sharex=True, sharey=True, squeeze=False
        )
        return axes
    axes = np.asarray(ax, dtype=object)
    if axes.size != shape[0] * shape[1]:
        raise ValueError(
            f"This picture needs {shape[0]} x {shape[1]} Axes, got {axes.size}. "
            f"plt.subplots({shape[0]}, {shape[1]}) makes them; ax=None makes a new figure."
        )
    return axes.reshape(shape)


def show_legend(ax):
    """Show a legend if anything on the Axes has a label."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False)


def draw_curve(display, ax, x, y, interval=None, **line_kwargs):
    """Draw the curve of a display, and its interval (low, high) if it has one: return the Axes."""
    display.ax_ = ax = one_axes(display, ax)
    display.figure_ = ax.figure
    (display.line_,) = ax.plot(x, y, **{"marker": "o", "label": display.label, **line_kwargs})
    display.band_ = None
    if interval is not None:
        style = {"color": display.line_.get_color(), "alpha": 0.2, "linewidth": 0}
        display.band_ = ax.fill_between(x, *interval, **style)
    ax.grid(alpha=0.3)
    return ax
