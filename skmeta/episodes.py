"""Episodes: the small learning problems everything else speaks in.

An episode is one learning problem written as a sequence of rows. The learner
sees row ``t`` and answers; then it is told the target of row ``t`` and the next
row comes. Axes, everywhere in this package: B episodes, T steps, D features,
C classes, L label positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index

import numpy as np

TARGET_KINDS = ("classification", "regression")


@dataclass(frozen=True)
class TaskSpec:
    """What a learner must know about a family of tasks before it is built.

    Parameters
    ----------
    kind : {"classification", "regression"}
        Whether targets are classes or real numbers.
    input_shape : tuple of int
        Shape of one row: ``(D,)`` for vectors, ``(height, width)`` for pictures.
    n_outputs : int
        Classes a label position can take (classification), or numbers in a
        target (regression).
    label_length : int, default=1
        Label positions L. One-hot labels have 1; the five-character strings
        of Santoro et al. 2016 have 5.
    table : bool, default=False
        Whether rows are those of a table of any width, as
        :func:`skmeta.columns.table_rows` writes them.
    weighted : bool, default=False
        Whether they tell how much each column matters
        (:func:`skmeta.relevance.column_weights`).

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a field is out of its range.

    Examples
    --------
    >>> from skmeta.episodes import TaskSpec
    >>> TaskSpec("classification", (28, 28), 5).label_size
    5
    """

    kind: str
    input_shape: tuple[int, ...]
    n_outputs: int
    label_length: int = 1
    table: bool = False
    weighted: bool = False

    def __post_init__(self):
        if self.kind not in TARGET_KINDS:
            raise ValueError(f"kind must be one of {TARGET_KINDS}, got {self.kind!r}.")
        sizes = self.input_shape
        if not isinstance(sizes, (tuple, list)) or not sizes or min(sizes) < 1:
            raise ValueError(f"input_shape must be a tuple of positive sizes, got {sizes!r}.")
        object.__setattr__(self, "input_shape", tuple(map(index, sizes)))
        object.__setattr__(self, "n_outputs", index(self.n_outputs))
        object.__setattr__(self, "label_length", index(self.label_length))
        if self.n_outputs < 1 or self.label_length < 1:
            raise ValueError(
                "n_outputs and label_length must be at least 1, "
                f"got {self.n_outputs} and {self.label_length}."
            )
        if self.kind == "regression" and self.label_length != 1:
            raise ValueError("A regression target has label_length=1; use n_outputs for its size.")
        if self.weighted and not self.table:
            raise ValueError("Only rows of a table can have weighted columns.")
        if self.table and (len(self.input_shape) != 1 or self.input_shape[0] % 2):
            raise ValueError(
                "A row of a table has two numbers a column: expected input_shape (2 * columns,), "
                f"got {self.input_shape}."
            )

    @property
    def n_columns(self) -> int:
        """Columns that a row of a table has places for."""
        return self.input_shape[0] // 2

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of one target: () for a class, (L,) for L label positions, (n_outputs,)."""
        if self.kind == "regression":
            return (self.n_outputs,)
        return () if self.label_length == 1 else (self.label_length,)

    @property
    def label_size(self) -> int:
        """Numbers that encode a label: C for one-hot, L * C for strings, n_outputs for targets."""
        return self.n_outputs * self.label_length


@dataclass(frozen=True)
class EpisodeBatch:
    """B episodes of T rows each, checked once.

    Parameters
    ----------
    inputs : ndarray of shape (B, T, ...)
        The rows, each of the spec's ``input_shape``.
    targets : ndarray
        Classification: integers of shape (B, T) for one-hot labels or
        (B, T, L) for labels of L positions. Regression: numbers of shape
        (B, T, n_outputs).
    oracle : ndarray of shape (B, T), optional
        Log-density (nats) that the best possible learner gives to each target
        before it sees it, where the family knows it.
    weights : ndarray of shape (B, T), optional
        How much the answer at each step counts; of mean 1. Without weights all count
        alike.

    Raises
    ------
    TypeError
        If one is no array, or holds other things than real numbers.
    ValueError
        If the arrays disagree on B or T, or hold values that are not finite.

    Examples
    --------
    >>> from skmeta.tasks import BooleanTasks
    >>> batch = BooleanTasks(n_steps=20).batch(0, 16, seed=0)
    >>> batch.n_episodes, batch.n_steps, batch.inputs.shape, batch.targets.shape
    (16, 20, (16, 20, 2), (16, 20))
    """

    inputs: np.ndarray
    targets: np.ndarray
    oracle: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __post_init__(self):
        for name in ("inputs", "targets", "oracle", "weights"):
            array = getattr(self, name)
            if array is None and name in ("oracle", "weights"):
                continue
            dtype = getattr(array, "dtype", None)
            if getattr(dtype, "kind", None) not in list("biuf"):
                found = type(array).__name__ if dtype is None else f"one of {dtype}"
                raise TypeError(f"{name} must be a NumPy array of real numbers, got {found}.")
        if self.inputs.ndim < 3:
            raise ValueError(
                f"inputs must have shape (B, T, *input_shape), got {self.inputs.shape}."
            )
        if self.targets.shape[:2] != self.inputs.shape[:2]:
            raise ValueError(
                "inputs and targets must agree on episodes and steps: "
                f"inputs have {self.inputs.shape[:2]}, targets {self.targets.shape[:2]}."
            )
        for name in ("oracle", "weights"):
            array = getattr(self, name)
            if array is not None and array.shape != self.inputs.shape[:2]:
                raise ValueError(
                    f"{name} must have shape {self.inputs.shape[:2]}, got {array.shape}."
                )
        for name in ("inputs", "targets", "oracle", "weights"):
            array = getattr(self, name)
            if array is not None and array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError(f"{name} hold NaN or infinite values.")

    @property
    def n_episodes(self) -> int:
        """B."""
        return self.inputs.shape[0]

    @property
    def n_steps(self) -> int:
        """T."""
        return self.inputs.shape[1]
