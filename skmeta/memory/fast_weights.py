"""Fast weights: a stack of layers whose matrices learn by the delta rule while rows go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from skmeta.memory._base import Memory, WeightSpec, map_state

# Inside square roots: tokens and keys of zeros have finite gradients.
EPSILON = 1e-6
# Hidden units of a layer's feed-forward part, a unit of the stream.
EXPANSION = 2


class DeltaStore(NamedTuple):
    """What a head remembers, in one layer or in all (then of shape (B, layers, ...)).

    values : (B, H, K, V), S: from a key to what was stored under it.
    """

    values: Any


@dataclass(frozen=True)
class FastWeights(Memory):
    """Layers of fast weight matrices, written by the delta rule.

    Two streams of tokens go through the layers side by side: the query x_t, and
    the example (x_t, y_t). Both look up q in each layer's store S and add what
    they find; the example then writes its value v under its key k, of length 1:

        r_t = S_{t-1}^T q_t,    S_t = S_{t-1} + beta_t k_t (v_t - S_{t-1}^T k_t)^T.

    A write is one step of gradient descent on |v - S^T k|^2, of learned size
    beta. The answer comes from the query's stream, which has not seen y_t.

    Parameters
    ----------
    n_units : int, default=128
        Width D of the streams.
    n_layers : int, default=3
        Layers.
    n_heads : int, default=4
        Heads H a layer, each with a store of (D / H) x (D / H) numbers.

    Raises
    ------
    ValueError
        If a size is below 1 or the heads do not divide the units.

    References
    ----------
    I. Schlag, K. Irie, J. Schmidhuber, "Linear Transformers Are Secretly Fast
    Weight Programmers", ICML 2021.
    """

    n_units: int = 128
    n_layers: int = 3
    n_heads: int = 4

    def __post_init__(self):
        sizes = (self.n_units, self.n_layers, self.n_heads)
        if min(sizes) < 1 or self.n_units % self.n_heads:
            raise ValueError(
                "n_units, n_layers and n_heads must be at least 1 and n_heads must divide "
                f"n_units, got {sizes}."
            )

    @property
    def _head_size(self):
        return self.n_units // self.n_heads

    def output_size(self, label_size):  # noqa: D102 - inherited
        return self.n_units

    def weight_specs(self, n_features, label_size):  # noqa: D102 - inherited
        units, hidden = self.n_units, EXPANSION * self.n_units
        specs = {
            "input_kernel": WeightSpec((n_features, units), "glorot_uniform"),
            "input_bias": WeightSpec((units,), 0.0),
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
                f"layer{layer}_read_kernel": WeightSpec((units, units), "glorot_uniform"),
                f"layer{layer}_hidden_gain": WeightSpec((units,), 1.0),
                f"layer{layer}_hidden_kernel": WeightSpec((units, hidden), "glorot_uniform"),
                f"layer{layer}_hidden_bias": WeightSpec((hidden,), 0.0),
                f"layer{layer}_back_kernel": WeightSpec((hidden, units), "glorot_uniform"),
            }
        return specs

    def initial_state(self, ops, n_episodes, label_size):  # noqa: D102 - inherited
        size = self._head_size
        shape = (n_episodes, self.n_layers, self.n_heads, size, size)
        return DeltaStore(ops.zeros(shape, dtype="float32"))

    def write(self, ops, store, keys, values, gates):
        """S_t = S_{t-1} + beta k (v - S_{t-1}^T k)^T with beta = sigmoid(gate).

        Parameters
        ----------
        store : DeltaStore
            Of one layer.
        keys : array of shape (B, H, K)
            Of length 1.
        values : array of shape (B, H, V)
        gates : array of shape (B, H)

        Returns
        -------
        store : DeltaStore
        """
        keys, values = ops.expand_dims(keys, 3), ops.expand_dims(values, 2)
        found = ops.sum(keys * store.values, axis=2, keepdims=True)
        beta = ops.reshape(ops.sigmoid(gates), (-1, self.n_heads, 1, 1))
        return DeltaStore(store.values + beta * keys * (values - found))

    def embed(self, ops, weights, x):  # noqa: D102 - inherited
        return ops.matmul(x, weights["input_kernel"]) + weights["input_bias"]

    def step(self, ops, weights, state, u, y):  # noqa: D102 - inherited
        example = u + ops.matmul(y, weights["label_kernel"])
        streams = ops.concatenate([ops.expand_dims(u, 1), ops.expand_dims(example, 1)], axis=1)
        stores = []
        for layer in range(self.n_layers):
            store = map_state(lambda array: array[:, layer], state)  # noqa: B023 - used at once
            streams, seen = self._layer(ops, weights, layer, store, streams)
            stores.append(self._learn(ops, weights, layer, store, seen[:, 1]))
        new_state = type(state)(*(ops.stack(parts, axis=1) for parts in zip(*stores, strict=True)))
        return self._output(ops, weights, streams), new_state

    def read(self, ops, weights, state, u):  # noqa: D102 - inherited
        streams = ops.expand_dims(u, 1)
        for layer in range(self.n_layers):
            store = map_state(lambda array: array[:, layer], state)  # noqa: B023 - used at once
            streams, _ = self._layer(ops, weights, layer, store, streams)
        return self._output(ops, weights, streams)

    def _layer(self, ops, weights, layer, store, streams):
        """Read and think: (B, streams, D) -> the same, and what the layer has seen of them."""

        def own(name):
            return weights[f"layer{layer}_{name}"]

        seen = normalized(ops, streams) * own("gain")
        queries = self._heads(ops, ops.matmul(seen, own("query_kernel")))
        reads = ops.matmul(unit(ops, queries), store.values)  # (B, H, streams, V)
        reads = ops.reshape(ops.transpose(reads, (0, 2, 1, 3)), ops.shape(streams))
        streams = streams + ops.matmul(reads, own("read_kernel"))
        hidden = normalized(ops, streams) * own("hidden_gain")
        hidden = ops.matmul(hidden, own("hidden_kernel")) + own("hidden_bias")
        thought = ops.matmul(hidden * ops.sigmoid(hidden), own("back_kernel"))
        return streams + thought, seen

    def _learn(self, ops, weights, layer, store, seen):
        """Write an example that the layer has seen, of shape (B, D)."""
        written = ops.matmul(seen, weights[f"layer{layer}_write_kernel"])
        keys, values = ops.split(written, 2, axis=-1)
        shape = (-1, self.n_heads, self._head_size)
        gates = ops.matmul(seen, weights[f"layer{layer}_gate_kernel"])
        gates = gates + weights[f"layer{layer}_gate_bias"]
        keys, values = unit(ops, ops.reshape(keys, shape)), ops.reshape(values, shape)
        return self.write(ops, store, keys, values, gates)

    def _heads(self, ops, streams):
        """(B, streams, D) -> (B, H, streams, D / H)."""
        n_streams = streams.shape[1]
        heads = ops.reshape(streams, (-1, n_streams, self.n_heads, self._head_size))
        return ops.transpose(heads, (0, 2, 1, 3))

    def _output(self, ops, weights, streams):
        return normalized(ops, streams[:, 0]) * weights["output_gain"]


def normalized(ops, x):
    """Return x / sqrt(mean(x^2)) along the last axis (Zhang & Sennrich 2019)."""
    return x / ops.sqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + EPSILON)


def unit(ops, x):
    """Return x / |x| along the last axis."""
    return x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + EPSILON)
