"""The contract of every memory, and the shift of labels by one step.

A memory is a recurrent cell with named state and two operations::

    step(state, u, y) -> (output for the row, made BEFORE y is seen; new state)
    read(state, u)    -> output for the row; the state is not changed

and the same for many rows, ``learn_rows``, ``store_rows`` (no answers) and ``read_rows``, which
some memories do together.

``u = embed(x)`` is the part of a step that needs no state. Meta-training
computes it for all rows at once, outside the loop.

All operations are pure functions of arrays: they take the array operations
(``ops``: ``keras.ops`` or :mod:`skmeta.engines.numpy_ops`) and the weights by
name, and hold nothing but hyper-parameters.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np


class WeightSpec(NamedTuple):
    """Shape and first value of one weight array.

    ``initializer`` is "glorot_uniform" or a number; ``blocks``
    splits the last axis into parts that are initialised one by one (the gates
    of an LSTM); ``louder`` = (n, gain) multiplies the first n rows.
    """

    shape: tuple[int, ...]
    initializer: str | float
    trainable: bool = True
    blocks: int = 1
    louder: tuple[int, float] = (0, 1.0)

    def initialize(self, rng: np.random.Generator) -> np.ndarray:
        """Draw the first value, float32 of ``shape``."""
        if not isinstance(self.initializer, str):
            return np.full(self.shape, self.initializer, dtype=np.float32)
        rows, columns = self.shape[0], self.shape[-1] // self.blocks
        parts = [_glorot_uniform(rng, rows, columns) for _ in range(self.blocks)]
        value = np.concatenate(parts, axis=-1).astype(np.float32)
        n_louder, gain = self.louder
        value[:n_louder] *= gain
        return value


def _glorot_uniform(rng, rows, columns):
    limit = np.sqrt(6.0 / (rows + columns))
    return rng.uniform(-limit, limit, size=(rows, columns))


def map_state(function, state):
    """Apply a function to every array of a state.

    Parameters
    ----------
    function : callable
        From an array to an array.
    state : array, or nested named tuples of arrays

    Returns
    -------
    state : as given, with other arrays
    """
    if isinstance(state, tuple):
        return type(state)(*(map_state(function, part) for part in state))
    return function(state)


def count_episodes(state) -> int:
    """Return how many episodes a state is of.

    Parameters
    ----------
    state : nested named tuples of arrays

    Returns
    -------
    n_episodes : int
    """
    while isinstance(state, tuple):
        state = state[0]
    return len(state)


class Memory(ABC):
    """What a memory must offer. Subclasses are frozen dataclasses of hyper-parameters.

    Examples
    --------
    >>> from skmeta.memory import LSTM, Memory
    >>> isinstance(LSTM(n_units=8), Memory)
    True
    """

    @abstractmethod
    def weight_specs(self, n_features: int, label_size: int) -> dict[str, WeightSpec]:
        """Return name -> :class:`WeightSpec` for rows of n_features and labels of label_size."""

    @abstractmethod
    def output_size(self, label_size: int) -> int:
        """Length of an output vector, for labels of label_size."""

    def resized(self, n_units: int) -> Memory:
        """Return this memory with another number of units."""
        return replace(self, n_units=n_units)  # type: ignore[type-var]

    @abstractmethod
    def initial_state(self, ops, n_episodes: int, label_size: int) -> Any:
        """Return the state before the first row, for n_episodes episodes."""

    @abstractmethod
    def embed(self, ops, weights, x):
        """Return u, the part of a step that needs no state, for rows x of shape (..., F)."""

    @abstractmethod
    def step(self, ops, weights, state, u, y):
        """Answer one row, then learn its label: returns (output, new state)."""

    @abstractmethod
    def read(self, ops, weights, state, u):
        """Answer one row from a state, without changing it: returns the output."""

    # Whether the output of a row is a vote on its label, see VoteReadout.
    votes = False

    # Whether targets may be numbers, beside classes.
    learns_numbers = True

    # Whether the next methods do more than go from row to row, see TogetherMemory.
    together = False

    # Whether a learner computes in double precision. Products of matrices round by their shape:
    # rows that are read together must not differ from rows that are read apart by more than anyone
    # can see.
    in_double = False

    def learn_rows(self, ops, weights, state, u, y):
        """Take a step on each of T rows.

        Parameters
        ----------
        ops, weights, state
            As for :meth:`step`.
        u : array of shape (B, T, ...)
        y : array of shape (B, T, L)

        Returns
        -------
        outputs : array of shape (B, T, output_size)
            Each made before the row's y is seen.
        state : the state after the rows
        """
        outputs = []
        for t in range(u.shape[1]):
            output, state = self.step(ops, weights, state, u[:, t], y[:, t])
            outputs.append(output)
        return ops.stack(outputs, axis=1), state

    def store_rows(self, ops, weights, state, u, y):
        """Learn T rows without answering them: as :meth:`learn_rows`, returns the new state."""
        return self.learn_rows(ops, weights, state, u, y)[1]

    def read_rows(self, ops, weights, state, u):
        """Answer each of Q rows from one state an episode; the state is not changed.

        Parameters
        ----------
        ops, weights, state
            As for :meth:`read`.
        u : array of shape (B, Q, ...)

        Returns
        -------
        outputs : array of shape (B, Q, output_size)
        """
        n_rows, size = u.shape[1:]
        states = map_state(lambda array: ops.repeat(array, n_rows, axis=0), state)
        outputs = self.read(ops, weights, states, ops.reshape(u, (-1, size)))
        return ops.reshape(outputs, (-1, n_rows, outputs.shape[-1]))

    @property
    def most_labels(self) -> int:
        """How many labels it can hold at once."""
        return sys.maxsize

    def room(self, state) -> int:
        """Return how many rows a state takes, at least one, before it has to be relieved."""
        return sys.maxsize

    def relieved(self, state):
        """Return a state, in NumPy, that has forgotten some of what it holds if it was full."""
        return state


class TogetherMemory(Memory):
    """A memory that reads many rows at once, as if they came one after the other.

    Subclasses write :meth:`learn_rows` and :meth:`read_rows`, and a row is the least of them.
    Meta-training needs no loop, and a learner reads rows in large pieces.
    """

    together = True

    @abstractmethod
    def learn_rows(self, ops, weights, state, u, y):
        """Take a step on each of T rows."""

    @abstractmethod
    def read_rows(self, ops, weights, state, u):
        """Answer each of Q rows."""

    def step(self, ops, weights, state, u, y):
        u, y = ops.expand_dims(u, 1), ops.expand_dims(y, 1)
        outputs, state = self.learn_rows(ops, weights, state, u, y)
        return outputs[:, 0], state

    def read(self, ops, weights, state, u):
        return self.read_rows(ops, weights, state, ops.expand_dims(u, 1))[:, 0]


class PendingLabel(NamedTuple):
    """State of a memory that is told the label of a row together with the next row.

    pending : (B, L), label of the row before; zeros before the first row.
    cell : state of the recurrent cell.
    """

    pending: Any
    cell: Any


class ShiftedMemory(Memory):
    """A memory that reads (x_t, y_{t-1}): the one place where labels are shifted.

    Subclasses have weights "kernel" and "bias" from rows to units, and write :meth:`cell`, one
    step of a recurrent network on the row x_t and the label y_{t-1} of the row before (Hochreiter
    et al. 2001; Santoro et al. 2016). The state carries the pending label, so that a row can be
    answered before its own label is known.
    """

    @abstractmethod
    def initial_cell(self, ops, n_episodes: int) -> Any:
        """Return the state of the recurrent cell before the first row."""

    @abstractmethod
    def cell(self, ops, weights, state, u, y_before):
        """One step of the recurrent cell: returns (output, new state of the cell)."""

    def initial_state(self, ops, n_episodes, label_size):
        return PendingLabel(
            ops.zeros((n_episodes, label_size), dtype="float32"),
            self.initial_cell(ops, n_episodes),
        )

    def embed(self, ops, weights, x):
        return ops.matmul(x, weights["kernel"]) + weights["bias"]

    def step(self, ops, weights, state, u, y):
        output, cell = self.cell(ops, weights, state.cell, u, state.pending)
        return output, PendingLabel(y, cell)

    def read(self, ops, weights, state, u):
        output, _ = self.cell(ops, weights, state.cell, u, state.pending)
        return output
