"""A network with frozen weights: a learning algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from skmeta.engines import numpy_ops
from skmeta.engines.threads import one_thread
from skmeta.memory import FastWeights, LeastSquares, count_episodes, map_state
from skmeta.networks.encoder import ConvEncoder, TableEncoder
from skmeta.networks.network import Network
from skmeta.networks.readout import VoteReadout

# Rows that are read together, by a memory that can: the cost of a row grows with their number.
ROWS_TOGETHER = 64
# Rows of a table whose features are at hand at once: more need memory that is new each time.
ROWS_EMBEDDED = 128
# Weights from features to units, before a memory of fast weights.
INPUT_KERNEL = "memory/input_kernel"
# Narrow learners are made for so many columns, or a multiple of that.
COLUMNS_TOGETHER = 10


@dataclass(frozen=True, eq=False)
class Learner:
    """Encoder, memory and readout with frozen weights, run in NumPy.

    Immutable: copies, clones and estimators share one object.

    Parameters
    ----------
    network : Network
        The architecture.
    weights : mapping of str to ndarray
        float32 arrays, by the names of ``network.weight_specs()``.
    card : mapping, optional
        Where the weights come from: name, recipe, seed, steps, scores, licence.

    Raises
    ------
    ValueError
        If a weight is missing, unknown, of the wrong shape, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta import load_learner
    >>> learner = load_learner("lstm-quadratic")
    >>> state = learner.initial_state(1)
    >>> learner.read(state, np.zeros((1, 2))).shape  # mean and log standard deviation
    (1, 2, 1)
    """

    network: Network
    weights: Mapping[str, np.ndarray]
    card: Mapping[str, Any] = field(default_factory=dict)
    _precision: Any = field(init=False, repr=False)
    _weights: Mapping[str, np.ndarray] = field(init=False, repr=False)

    def __post_init__(self):
        specs = self.network.weight_specs()
        if set(specs) != set(self.weights):
            missing, unknown = set(specs) - set(self.weights), set(self.weights) - set(specs)
            raise ValueError(
                f"The weights do not fit the network: missing {sorted(missing)}, "
                f"unknown {sorted(unknown)}."
            )
        frozen = {}
        for name, spec in specs.items():
            array = np.array(self.weights[name], dtype=np.float32)
            if array.shape != spec.shape:
                raise ValueError(f"Weight {name} must have shape {spec.shape}, got {array.shape}.")
            if not np.isfinite(array).all():
                raise ValueError(f"Weight {name} holds NaN or infinite values.")
            array.flags.writeable = False
            frozen[name] = array
        object.__setattr__(self, "weights", MappingProxyType(frozen))
        precision = np.float64 if self.network.memory.in_double else np.float32
        object.__setattr__(self, "_precision", precision)
        exact = {name: array.astype(precision, copy=False) for name, array in frozen.items()}
        for kept in exact.values():
            kept.flags.writeable = False
        object.__setattr__(self, "_weights", MappingProxyType(exact))
        object.__setattr__(self, "card", MappingProxyType(dict(self.card)))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        return Learner, (self.network, dict(self.weights), dict(self.card))

    def __repr__(self):
        return f"<Learner {self.name!r}: {self.network.memory}, {self.n_weights:,} weights>"

    @property
    def name(self) -> str:
        """Name on the card, or the memory's where there is none."""
        return str(self.card.get("name", type(self.network.memory).__name__))

    @property
    def spec(self):
        """TaskSpec: what the tasks look like."""
        return self.network.spec

    def for_columns(self, n_columns: int) -> Learner:
        """Return a learner of the same answers, but for rounding, that takes less time.

        Parameters
        ----------
        n_columns : int
            Columns of the tables to read.

        Returns
        -------
        learner : Learner
            One with fewer places, where there are more than are needed, before a memory of fast
            weights; else this one.
        """
        wanted = COLUMNS_TOGETHER * -(-max(n_columns, 1) // COLUMNS_TOGETHER)
        # Exact types: subclasses may have features and weights of their own.
        encoder, memory = type(self.network.encoder), type(self.network.memory)
        known = encoder is TableEncoder and memory in (FastWeights, LeastSquares)
        return _narrowed(self, wanted) if known and wanted < self.spec.n_columns else self

    def for_classes(self, n_classes: int) -> Learner:
        """Return a learner of the same weights that has labels for so many classes.

        Parameters
        ----------
        n_classes : int
            Classes to tell apart.

        Returns
        -------
        learner : Learner
            One with so many labels, where there are fewer and answers are votes, as no weight
            belongs to a label then, if the memory can hold them. Else this one.
        """
        votes = isinstance(self.network.readout, VoteReadout)
        takes = votes and self.spec.n_outputs < n_classes <= self.network.memory.most_labels
        return _with_labels(self, n_classes) if takes else self

    @property
    def n_weights(self) -> int:
        """Numbers that meta-training has set."""
        specs = self.network.weight_specs()
        return sum(self.weights[k].size for k, spec in specs.items() if spec.trainable)

    def initial_state(self, n_episodes: int):
        """Return the state before the first row, for n_episodes episodes side by side."""
        return self.network.initial_state(numpy_ops, n_episodes)

    def learn(self, state, inputs, labels):
        """Answer and learn labelled rows, one after the other.

        Parameters
        ----------
        state : state of the memory, for B episodes
        inputs : ndarray of shape (B, S, *input_shape)
        labels : ndarray of shape (B, S, label_size)
            As :func:`skmeta.sequences.encode_labels` writes them.

        Returns
        -------
        state : the state after the rows, float32
        outputs : ndarray of shape (B, S, output_size)
            What the memory said of each row before it was told its label.
        """
        size = (*np.shape(inputs)[:2], self.network.output_size)
        outputs = np.empty(size, dtype=self._precision)
        with self._threads():
            for rows, u, y in self._pieces(inputs, labels):
                outputs[:, rows], state = self.network.learn_rows(
                    numpy_ops, self._weights, state, u, y
                )
        return _single(state), outputs

    def store(self, state, inputs, labels):
        """Learn labelled rows without answering them.

        Parameters
        ----------
        state, inputs, labels
            As for :meth:`learn`.

        Returns
        -------
        state : the state after the rows, float32
        """
        with self._threads():
            for _, u, y in self._pieces(inputs, labels):
                state = self.network.store_rows(numpy_ops, self._weights, state, u, y)
        return _single(state)

    def _threads(self):
        """One thread for small products, all there are for convolutions."""
        return nullcontext() if isinstance(self.network.encoder, ConvEncoder) else one_thread()

    def _pieces(self, inputs, labels):
        """Cut rows into pieces that the memory reads at once: (slice, u, y)."""
        inputs = np.asarray(inputs, dtype=self._precision)
        u = self._embedded(inputs.reshape(-1, *self.spec.input_shape))
        u = u.reshape(*inputs.shape[:2], *u.shape[1:])
        piece = ROWS_TOGETHER if self.network.memory.together else 1
        for first in range(0, u.shape[1], piece):
            rows = slice(first, first + piece)
            # A copy: the state keeps the last label, and must not keep all of them alive.
            yield rows, u[:, rows], np.array(labels[:, rows], dtype=self._precision)

    def _embedded(self, rows):
        """Embed rows (n, *input_shape), those of a table a few at a time."""
        together = ROWS_EMBEDDED if self.spec.table else max(1, len(rows))
        parts = np.split(rows, range(together, len(rows), together))
        return np.concatenate([self.network.embed(numpy_ops, self._weights, x) for x in parts])

    def answer(self, outputs):
        """Return the readout of outputs of the memory: logits, or mean and log std."""
        return self.network.answer(numpy_ops, self._weights, outputs)

    def read(self, state, inputs):
        """Answer rows from a frozen state, each as if it were the next one.

        Parameters
        ----------
        state : state of the memory, for B episodes
        inputs : ndarray of shape (Q, *input_shape)
            Q / B rows of the first episode, then as many of the next, and so on.

        Returns
        -------
        answers : ndarray of shape (Q, L, C) or (Q, 2, n_outputs)

        Raises
        ------
        ValueError
            If there is no row, or the episodes do not have as many each.
        """
        n_episodes = count_episodes(state)
        if len(inputs) == 0 or len(inputs) % n_episodes:
            raise ValueError(
                f"{len(inputs)} rows cannot be shared out evenly to {n_episodes} episodes."
            )
        inputs = np.asarray(inputs, dtype=self._precision)
        with self._threads():
            u = self._embedded(inputs)
            u = u.reshape(n_episodes, len(inputs) // n_episodes, u.shape[-1])
            outputs = self.network.read_rows(numpy_ops, self._weights, state, u)
            return self.answer(outputs.reshape(len(inputs), outputs.shape[-1]))

    def rehearse(self, inputs, labels):
        """Run whole episodes from a fresh memory: the answer to every row before its label.

        Parameters
        ----------
        inputs : ndarray of shape (B, T, *input_shape)
        labels : ndarray of shape (B, T, label_size)

        Returns
        -------
        answers : ndarray of shape (B, T, L, C) or (B, T, 2, n_outputs)
        """
        _, outputs = self.learn(self.initial_state(len(inputs)), inputs, labels)
        return self.answer(outputs)


@lru_cache(maxsize=16)  # of `tabular`, all ten widths: 4 MB each
def _narrowed(learner, n_columns):
    """A learner for fewer columns: see :meth:`Learner.for_columns`."""
    network, weights = learner.network, dict(learner.weights)
    kernel, n_places = weights[INPUT_KERNEL], learner.spec.n_columns
    weights[INPUT_KERNEL] = network.encoder.resized(kernel, n_places, n_columns)
    spec = replace(network.spec, input_shape=(2 * n_columns,))
    return Learner(replace(network, spec=spec), weights, learner.card)


@lru_cache(maxsize=16)
def _with_labels(learner, n_classes):
    """A learner with more labels: see :meth:`Learner.for_classes`."""
    spec = replace(learner.spec, n_outputs=n_classes)
    return Learner(replace(learner.network, spec=spec), learner.weights, learner.card)


def _single(state):
    """Return a state in single precision, as it is kept."""
    return map_state(lambda array: array.astype(np.float32, copy=False), state)
