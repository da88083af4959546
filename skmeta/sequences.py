"""Rows and labels -> the arrays that a network steps through. NumPy only."""

from __future__ import annotations

import numpy as np

from skmeta.episodes import TaskSpec


def encode_labels(targets: np.ndarray, spec: TaskSpec) -> np.ndarray:
    """Write targets as the vectors a memory is told.

    Parameters
    ----------
    targets : ndarray
        Classification: integers of shape (..., ) for L = 1 or (..., L).
        Regression: numbers of shape (..., n_outputs).
    spec : TaskSpec

    Returns
    -------
    labels : ndarray of shape (..., label_size), float32
        One-hot vectors, L of them side by side; or the targets themselves.

    Raises
    ------
    ValueError
        If classes are no integers in 0..C-1.
    """
    if spec.kind == "regression":
        return np.asarray(targets, dtype=np.float32)
    targets = np.asarray(targets)
    if targets.dtype.kind not in "iu":
        raise ValueError(f"Classes must be integers, got {targets.dtype}.")
    if targets.size and not 0 <= targets.min() <= targets.max() < spec.n_outputs:
        raise ValueError(
            f"Classes must lie in 0..{spec.n_outputs - 1}, got {targets.min()}..{targets.max()}."
        )
    one_hot = np.eye(spec.n_outputs, dtype=np.float32)[targets]
    if spec.label_length == 1:
        return one_hot
    return one_hot.reshape(*targets.shape[:-1], spec.label_size)
