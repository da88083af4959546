"""Prototypes: one key for each label, the sum of those of its rows. All rows are read at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from skmeta.memory._base import TogetherMemory
from skmeta.memory.associative import NEVER, key_specs, vote
from skmeta.memory.fast_weights import EPSILON, earlier, unit


class PrototypeState(NamedTuple):
    """What the memory holds.

    keys : (B, L, W), sums of the keys of a label's rows
    counts : (B, L), how many rows those are
    """

    keys: Any
    counts: Any


@dataclass(frozen=True)
class Prototypes(TogetherMemory):
    """A key for each class; an answer is the class whose key is nearest.

    With k the row's key of length 1 and P_l the sum of the keys of the rows of class l::

        c_l = P_l . k / |P_l|,   r = softmax(beta c),
        f = sigmoid(alpha (max_l c_l - theta)),   d = (1 - f) (classes without a row)

    over the classes that have a row. The answer is that of :class:`skmeta.memory.Associative` with
    one slot a label. The state does not depend on the order of rows, and neither of
    ``P_l . k`` and ``|P_l|`` needs a loop over them: both are sums of products of keys::

        P_l . k_t = sum_(s<t) y_sl k_s . k_t,
        |P_l|^2 = sum_(s<t) y_sl (2 P_l . k_s + |k_s|^2)

    with P_l as it was before each row s.

    Parameters
    ----------
    n_units : int, default=64
        Width W of a key.

    Raises
    ------
    ValueError
        If ``n_units`` is below 1.

    References
    ----------
    J. Snell, K. Swersky, R. Zemel, "Prototypical Networks for Few-shot Learning", NeurIPS 2017,
    there with distances in the place of cosines.

    Examples
    --------
    >>> from skmeta.engines import numpy_ops
    >>> from skmeta.memory import Prototypes
    >>> Prototypes().initial_state(numpy_ops, n_episodes=1, label_size=5).keys.shape
    (1, 5, 64)
    """

    n_units: int = 64

    votes = True
    learns_numbers = False

    def __post_init__(self):
        if self.n_units < 1:
            raise ValueError(f"n_units must be at least 1, got {self.n_units}.")

    def output_size(self, label_size):  # noqa: D102 - inherited
        return 2 * label_size + 1

    def weight_specs(self, n_features, label_size):  # noqa: D102 - inherited
        return key_specs(n_features, self.n_units)

    def initial_state(self, ops, n_episodes, label_size):  # noqa: D102 - inherited
        return PrototypeState(
            keys=ops.zeros((n_episodes, label_size, self.n_units), dtype="float32"),
            counts=ops.zeros((n_episodes, label_size), dtype="float32"),
        )

    def embed(self, ops, weights, x):  # noqa: D102 - inherited
        return unit(ops, ops.matmul(x, weights["kernel"]) + weights["bias"])

    def learn_rows(self, ops, weights, state, u, y):  # noqa: D102 - inherited
        before = earlier(u.shape[1])  # (t, s): 1 where row s comes before row t
        likeness = ops.matmul(u, ops.transpose(u, (0, 2, 1)))  # k_t . k_s
        overlap = self._overlap(ops, state, u) + ops.matmul(likeness * before, y)  # P_l . k_t
        own = ops.sum(ops.square(u), axis=-1, keepdims=True)
        power = ops.sum(ops.square(state.keys), axis=-1)
        power = ops.expand_dims(power, 1) + ops.matmul(before, y * (2.0 * overlap + own))
        counts = ops.expand_dims(state.counts, 1) + ops.matmul(before, y)
        output = self._answer(ops, weights, overlap, power, counts)
        return output, self.store_rows(ops, weights, state, u, y)

    def store_rows(self, ops, weights, state, u, y):  # noqa: D102 - inherited
        return PrototypeState(
            keys=state.keys + ops.matmul(ops.transpose(y, (0, 2, 1)), u),
            counts=state.counts + ops.sum(y, axis=1),
        )

    def read_rows(self, ops, weights, state, u):  # noqa: D102 - inherited
        power = ops.expand_dims(ops.sum(ops.square(state.keys), axis=-1), 1)
        counts = ops.expand_dims(state.counts, 1)
        return self._answer(ops, weights, self._overlap(ops, state, u), power, counts)

    def _overlap(self, ops, state, u):
        """P_l . k for rows (B, N, W): (B, N, L)."""
        return ops.matmul(u, ops.transpose(state.keys, (0, 2, 1)))

    def _answer(self, ops, weights, overlap, power, counts):
        """Output (r, d, f), (B, N, 2 L + 1), from P_l . k, |P_l|^2 and the numbers of rows."""
        seen = ops.cast(counts > 0.5, "float32")
        cosine = overlap / ops.sqrt(ops.maximum(power, 0.0) + EPSILON)
        output, _ = vote(ops, weights, seen * cosine + (1.0 - seen) * NEVER, seen)
        return output
