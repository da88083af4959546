"""Fast weights: a stack of layers whose matrices learn by the delta rule while rows go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skmeta.memory._base import TogetherMemory, WeightSpec, map_state

# Inside square roots: tokens and keys of zeros have finite gradients.
EPSILON = 1e-6


class DeltaStore(NamedTuple):
    """What a head remembers, in one layer or in all (then of shape (B, layers, ...)).

    values : (B, H, K, V), S: from a key to what was stored under it.
    """

    values: Any


class Changes(NamedTuple):
    """What T rows change in a head, each a product of rank 1: S_t = S_0 + sum_{s<=t} d_s z_s^T.

    directions : (B, H, T, K), d.
    steps : (B, H, T, V), z.
    """

    directions: Any
    steps: Any


@dataclass(frozen=True)
class FastWeights(TogetherMemory):
    """Layers of fast weight matrices, written by the delta rule.

    Two streams of tokens go through the layers side by side: the query x_t, and
    the example (x_t, y_t). Both look up q in each layer's store S and add what
    they find; the example then writes its value v under its key k, of length 1::

        r_t = S_{t-1}^T q_t,    S_t = S_{t-1} + beta_t k_t (v_t - S_{t-1}^T k_t)^T.

    A write is one step of gradient descent on ``|v - S^T k|^2``, of learned
    size beta. The answer comes from the query's stream, which has not seen y_t.

    Nothing in a layer hangs on an earlier row of the same layer but through S, and the
    changes of S by many rows solve one triangular system: rows are read together.

    Parameters
    ----------
    n_units : int, default=128
        Width D of the streams.
    n_layers : int, default=3
        Layers.
    n_heads : int, default=4
        Heads H a layer, each with a store of (D / H) x (D / H) numbers.
    expansion : int, default=2
        Hidden units of a layer's feed-forward part, for each unit of the streams.

    Raises
    ------
    ValueError
        If a size is below 1 or the heads do not divide the units.

    References
    ----------
    I. Schlag, K. Irie, J. Schmidhuber, "Linear Transformers Are Secretly Fast
    Weight Programmers", ICML 2021. S. Yang et al., "Parallelizing Linear
    Transformers with the Delta Rule over Sequence Length", NeurIPS 2024.

    Examples
    --------
    >>> from skmeta.engines import numpy_ops
    >>> from skmeta.memory import FastWeights
    >>> FastWeights().initial_state(numpy_ops, n_episodes=1, label_size=5).values.shape
    (1, 3, 4, 32, 32)
    """

    n_units: int = 128
    n_layers: int = 3
    n_heads: int = 4
    expansion: int = 2

    in_double = True

    def __post_init__(self):
        sizes = (self.n_units, self.n_layers, self.n_heads, self.expansion)
        if min(sizes) < 1:
            raise ValueError(
                f"n_units, n_layers, n_heads and expansion must be at least 1, got {sizes}."
            )
        if rest := self.n_units % self.n_heads:
            above = self.n_units - rest + self.n_heads
            below = f"{above - self.n_heads} or " if above > self.n_heads else ""
            raise ValueError(
                f"n_units must be a multiple of n_heads={self.n_heads}, of which each has as many: "
                f"take {below}{above}, got {self.n_units}."
            )

    @property
    def _head_size(self):
        return self.n_units // self.n_heads

    @property
    def _n_found(self):
        """Numbers that a token finds in the stores of a layer."""
        return self.n_units

    def output_size(self, label_size):  # noqa: D102 - inherited
        return self.n_units

    def weight_specs(self, n_features, label_size):  # noqa: D102 - inherited
        units, hidden = self.n_units, self.expansion * self.n_units
        specs = {
            "input_kernel": WeightSpec((n_features, units), "glorot_uniform"),
            # Not 0: each layer multiplies the gradient of a token of zeros by 1 / sqrt(EPSILON).
            "input_bias": WeightSpec((units,), 0.5),
            "label_kernel": WeightSpec((label_size, units), "glorot_uniform"),
            "output_gain": WeightSpec((units,), 1.0),
        }
        for layer in range(self.n_layers):
            specs |= {
                f"layer{layer}_gain": WeightSpec((units,), 1.0),
                f"layer{layer}_query_kernel": WeightSpec((units, units), "glorot_uniform"),
                f"layer{layer}_write_kernel": WeightSpec(
                    (units, 2 * units), "glorot_uniform", blocks=2
                ),
                f"layer{layer}_gate_kernel": WeightSpec((units, self.n_heads), "glorot_uniform"),
                f"layer{layer}_gate_bias": WeightSpec((self.n_heads,), 0.0),
                f"layer{layer}_read_kernel": WeightSpec((self._n_found, units), "glorot_uniform"),
                f"layer{layer}_hidden_gain": WeightSpec((units,), 1.0),
                f"layer{layer}_hidden_kernel": WeightSpec((units, hidden), "glorot_uniform"),
                f"layer{layer}_hidden_bias": WeightSpec((hidden,), 0.0),
                f"layer{layer}_back_kernel": WeightSpec((hidden, units), "glorot_uniform"),
            }
        return specs

    def slimmed(self, weights, expansion: int) -> dict:
        """Return weights of fewer hidden units: those that move tokens most.

        By the length of a unit's weights in, times that of its weights out.

        Parameters
        ----------
        weights : mapping of str to array
            Of this memory.
        expansion : int
            That of a memory of the same sizes otherwise, at most that of this one.

        Returns
        -------
        weights : dict of str to array
        """
        slim = dict(weights)
        for layer in range(self.n_layers):
            gain, hidden, bias, back = (
                f"layer{layer}_{name}"
                for name in ("hidden_gain", "hidden_kernel", "hidden_bias", "back_kernel")
            )
            into = np.linalg.norm(weights[gain][:, None] * weights[hidden], axis=0)
            reach = into * np.linalg.norm(weights[back], axis=1)
            kept = np.sort(np.argsort(-reach, kind="stable")[: expansion * self.n_units])
            slim[hidden], slim[bias] = weights[hidden][:, kept], weights[bias][kept]
            slim[back] = weights[back][kept]
        return slim

    def initial_state(self, ops, n_episodes, label_size):  # noqa: D102 - inherited
        size = self._head_size
        shape = (n_episodes, self.n_layers, self.n_heads, size, size)
        return DeltaStore(ops.zeros(shape, dtype="float32"))

    def changes(self, ops, store, keys, values, gates):
        """Return what rows write: one row, or many that come one after the other.

        With d_t = k_t, the steps z_t = beta_t (v_t - S_{t-1}^T k_t), beta = sigmoid(gate), solve

            z_t + beta_t sum_{s<t} (k_t . k_s) z_s = beta_t (v_t - S_0^T k_t).

        Parameters
        ----------
        store : DeltaStore
            Of one layer, S_0.
        keys : array of shape (B, H, T, K)
            Of length 1.
        values : array of shape (B, H, T, V)
        gates : array of shape (B, H, T)

        Returns
        -------
        changes : Changes
        """
        beta = ops.expand_dims(ops.sigmoid(gates), 3)
        n_rows = keys.shape[2]
        alike = ops.matmul(keys, transposed(ops, keys))
        system = np.eye(n_rows, dtype=np.float32) + beta * alike * earlier(n_rows)
        surprise = values - ops.matmul(keys, store.values)
        return Changes(keys, ops.solve_triangular(system, beta * surprise, lower=True))

    def changed(self, ops, store, changes):
        """Return the store after the rows.

        Parameters
        ----------
        store : DeltaStore
            Of one layer, before them.
        changes : Changes

        Returns
        -------
        store : DeltaStore
        """
        directions = transposed(ops, changes.directions)
        return DeltaStore(store.values + ops.matmul(directions, changes.steps))

    def found(self, ops, store, queries, overlap, changes):
        """Return what queries find: S_{t-1}^T q_t for the rows' own queries.

        Parameters
        ----------
        store : DeltaStore
            Of one layer.
        queries : array of shape (B, H, N, K)
        overlap : array of shape (B, H, N, T), or None
            q . d for the changes that a query may see, 0 for others.
        changes : Changes, or None

        Returns
        -------
        found : array of shape (B, H, N, _n_found / H)
        """
        reads = ops.matmul(queries, store.values)
        return reads if changes is None else reads + ops.matmul(overlap, changes.steps)

    def embed(self, ops, weights, x):  # noqa: D102 - inherited
        return ops.matmul(x, weights["input_kernel"]) + weights["input_bias"]

    def learn_rows(self, ops, weights, state, u, y):  # noqa: D102 - inherited
        streams, state = self._read_and_write(ops, weights, state, u, y, answered=True)
        return self._output(ops, weights, streams), state

    def store_rows(self, ops, weights, state, u, y):  # noqa: D102 - inherited
        return self._read_and_write(ops, weights, state, u, y, answered=False)[1]

    def _read_and_write(self, ops, weights, state, u, y, *, answered):
        """Send T examples through the layers, beside the rows themselves if they are answered.

        Returns what has become of the rows, and the state. What the last layer makes of examples
        nobody asks for: there they are stored, and go no further.
        """
        n_rows, stores = u.shape[1], []
        examples = u + ops.matmul(y, weights["label_kernel"])
        streams = ops.concatenate([u, examples], axis=1) if answered else examples
        for layer in range(self.n_layers):
            store = _store_of(state, layer)
            seen = normalized(ops, streams) * weights[f"layer{layer}_gain"]
            changes = self.changes(
                ops, store, *self._written(ops, weights, layer, seen[:, -n_rows:])
            )
            stores.append(self.changed(ops, store, changes))
            if layer == self.n_layers - 1:
                streams, seen = streams[:, :-n_rows], seen[:, :-n_rows]
            if streams.shape[1]:
                streams = self._thought(ops, weights, layer, store, streams, seen, changes)
        return streams, type(state)(
            *(ops.stack(parts, axis=1) for parts in zip(*stores, strict=True))
        )

    def read_rows(self, ops, weights, state, u):  # noqa: D102 - inherited
        streams = u
        for layer in range(self.n_layers):
            seen = normalized(ops, streams) * weights[f"layer{layer}_gain"]
            store = _store_of(state, layer)
            streams = self._thought(ops, weights, layer, store, streams, seen)
        return self._output(ops, weights, streams)

    def _written(self, ops, weights, layer, seen):
        """Keys, values and gates of examples that the layer has seen, of shape (B, T, D)."""
        written = dense(ops, seen, weights[f"layer{layer}_write_kernel"])
        keys, values = (self._heads(ops, part) for part in ops.split(written, 2, axis=-1))
        gates = dense(ops, seen, weights[f"layer{layer}_gate_kernel"])
        gates = gates + weights[f"layer{layer}_gate_bias"]
        return unit(ops, keys), values, ops.transpose(gates, (0, 2, 1))

    def _thought(self, ops, weights, layer, store, streams, seen, changes=None):
        """Look up and think: tokens (B, N, D) -> the same. Row t sees what came before it."""

        def own(name):
            return weights[f"layer{layer}_{name}"]

        queries = unit(ops, self._heads(ops, dense(ops, seen, own("query_kernel"))))
        overlap = None
        if changes is not None:
            n_rows = changes.steps.shape[2]
            overlap = ops.matmul(queries, transposed(ops, changes.directions))
            overlap = overlap * np.tile(earlier(n_rows), (streams.shape[1] // n_rows, 1))
        found = self.found(ops, store, queries, overlap, changes)  # (B, H, N, ...)
        found = ops.transpose(found, (0, 2, 1, 3))
        found = ops.reshape(found, (-1, streams.shape[1], self._n_found))
        # x += y saves NumPy a new array; a tensor of Keras is the same as x + y.
        streams = streams + dense(ops, found, own("read_kernel"))
        seen = normalized(ops, streams)
        seen *= own("hidden_gain")
        hidden = dense(ops, seen, own("hidden_kernel"))
        hidden += own("hidden_bias")
        streams += dense(ops, ops.silu(hidden), own("back_kernel"))
        return streams

    def _heads(self, ops, tokens):
        """(B, N, D) -> (B, H, N, D / H)."""
        heads = ops.reshape(tokens, (-1, tokens.shape[1], self.n_heads, self._head_size))
        return ops.transpose(heads, (0, 2, 1, 3))

    def _output(self, ops, weights, streams):
        return normalized(ops, streams) * weights["output_gain"]


def dense(ops, tokens, kernel):
    """Return tokens @ kernel, (B, N, D) @ (D, E), as one product of two large matrices."""
    n_tokens, size = tokens.shape[1:]
    product = ops.matmul(ops.reshape(tokens, (-1, size)), kernel)
    return ops.reshape(product, (-1, n_tokens, kernel.shape[1]))


def transposed(ops, matrices):
    """Swap the last two axes of matrices (B, H, M, N)."""
    return ops.transpose(matrices, (0, 1, 3, 2))


def earlier(n_rows):
    """Return 1 where row s comes before row t, else 0: (t, s), of shape (n_rows, n_rows)."""
    return np.tri(n_rows, k=-1, dtype=np.float32)


def normalized(ops, x):
    """Return x / sqrt(mean(x^2)) along the last axis (Zhang & Sennrich 2019)."""
    return x / ops.sqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + EPSILON)


def unit(ops, x):
    """Return x / |x| along the last axis."""
    return x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + EPSILON)


def _store_of(state, layer):
    return map_state(lambda array: array[:, layer], state)
