"""What users whose pictures are in another layout are told to pass."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from skmeta.artifacts import list_learners, load_learner

# Grey, colours, colours and how opaque: an axis of so many is one of channels.
CHANNELS = (1, 3, 4)
# A byte, and two of them: the largest values of pictures of whole numbers.
WHITES = (255, 65535)


def other_learner(spec, input_shape, n_classes=1):
    """Return the shipped learner of rows of a shape that has most labels, if there is one.

    Parameters
    ----------
    spec : TaskSpec
        It answers alike.
    input_shape : tuple of int
    n_classes : int, default=1
        How many labels it must have.

    Returns
    -------
    name : str or None
    """
    specs = {name: load_learner(name).for_classes(n_classes).spec for name in list_learners()}
    asked = (spec.kind, input_shape, spec.table, spec.label_length)
    labels = {
        name: found.n_outputs
        for name, found in specs.items()
        if (found.kind, found.input_shape, found.table, found.label_length) == asked
        and found.n_outputs >= n_classes
    }
    return max(labels, key=labels.__getitem__, default=None)


def refuse_odd_pictures(X, shape):
    """Tell of pictures that are no array of numbers with one axis for rows.

    Parameters
    ----------
    X : array-like
    shape : tuple of int
        Of one picture.

    Raises
    ------
    ValueError
        If pixels are masked, X is one picture, or its cells are arrays.
    """
    if np.ma.is_masked(X):
        raise ValueError("Pixels of X are masked: pass X.filled(0) if they are paper.")
    found: Any = getattr(X, "shape", ())
    if found == shape or (found[:-1] == shape and found[-1] in CHANNELS):
        raise ValueError(f"X is one picture of {shape[0]} x {shape[1]} pixels: pass X[None].")
    frame = hasattr(X, "iloc") and len(found) == 2
    column = X.iloc[:, 0] if frame and 0 not in found else X
    if len(getattr(column, "shape", ())) == 1 and len(column) and np.ndim(np.asarray(column)[0]):
        way = "X.iloc[:, 0]" if frame else "X"
        raise ValueError(f"Cells of X are arrays: pass numpy.stack(list({way})).")


def way_out(shape, spec):
    """Say what to pass in the place of pictures of another layout.

    Parameters
    ----------
    shape : tuple of int
        Of what was passed.
    spec : TaskSpec
        What is read.

    Returns
    -------
    advice : str
    """
    axes, passed = list(shape[1:]), "X"
    if len(axes) == 1 and (side := isqrt(axes[0])) ** 2 == axes[0]:
        axes, passed = [side, side], f"numpy.asarray(X).reshape(-1, {side}, {side})"
    elif len(axes) == 3 and {axes[0], axes[-1]} & set(CHANNELS):
        last = axes[-1] in CHANNELS
        n_channels = axes.pop(-1 if last else 0)
        every, axis = ("X[..., {}]", -1) if last else ("X[:, {}]", 1)
        passed = every.format("0")
        if n_channels > 1:
            passed = f"{every.format(':3') if n_channels == 4 else 'X'}.mean(axis={axis})"
    found, wanted = tuple(axes), spec.input_shape
    if found == wanted:
        return f"Pass {passed}."
    advice = "Cut or resize them first, one number a pixel: ink 1, paper 0."
    if len(found) == 2 and found[0] == found[1] > wanted[0] == wanted[1]:
        advice = f"Pass skmeta.datasets.shrink_pictures({passed}, {wanted[0]})."
    if name := other_learner(spec, found):
        advice += f" Or pass {passed} to the learner {name!r}, which reads pictures of that size."
    return advice


def range_hint(pictures):
    """Say what pictures may be, where they are not ink 1 on paper 0.

    Parameters
    ----------
    pictures : ndarray

    Returns
    -------
    hint : str
        To follow "X looks unlike ...", or nothing.
    """
    least, most, mean = pictures.min(), pictures.max(), pictures.mean()
    if -1 <= least < 0 < most <= 1:
        ink = "(X + 1) / 2" if 2 * mean < least + most else "(1 - X) / 2"
        return f"; is it {ink}?"
    if least < 0:  # standardised
        return ""
    white = next((white for white in WHITES if white / 8 < most <= white), most)
    scaled = f"X / {white:g}" if most > 1 else "X"
    if mean > 0.5 * max(most, 1):
        return f"; is it 1 - {scaled}?"
    return f"; is it {scaled}?" if most > 1 else ""
