"""An associative memory: keys with labels side by side, read by their nearness to the query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from skmeta.memory import addressing
from skmeta.memory._base import Memory, WeightSpec
from skmeta.memory.fast_weights import unit

# Similarity of an empty slot, far below that of any other.
NEVER = -1e4
# Labels nearer than that are the same.
SAME = 1e-3


class AssociativeState(NamedTuple):
    """What the memory holds.

    keys : (B, N, W), sums of the keys that went into a slot
    labels : (B, N, L), the label of a slot
    filled : (B, N), 1 for a slot that holds something
    usage : (B, N), w^u, how much a slot was read and written of late
    """

    keys: Any
    labels: Any
    filled: Any
    usage: Any


@dataclass(frozen=True)
class Associative(Memory):
    """Slots of a key and its label; an answer is the mean label of the nearest keys.

    With k the row's key of length 1, K_i the keys of the filled slots and v_i their labels::

        c_i = K_i . k / |K_i|,   w = softmax(beta c),   r = sum_i w_i v_i,
        f = sigmoid(alpha (max_i c_i - theta)),   d = (1 - f) (labels that no slot has)

    r is the soft nearest neighbours' answer (Vinyals et al. 2016), f how familiar the row looks,
    d the doubt. Where labels are classes, r, d and f are all there is to the answer
    (:class:`skmeta.networks.VoteReadout`): labels are alike to the memory, however many there are.
    Real targets have a readout with weights of its own.

    A row is written into an empty slot. In a full memory it joins the nearest slot of its label,
    their keys being added (Kaiser et al. 2017): the slot becomes a prototype. If no slot has its
    label, it takes the place of the one that was used least of late (Santoro et al. 2016), and
    that one joins the nearest slot of its own label: it is forgotten only if there is none.

    Parameters
    ----------
    n_slots : int, default=128
        Slots N.
    n_units : int, default=64
        Width W of a key.
    usage_decay : float, default=0.95
        How slowly a slot is forgotten to be in use.

    Raises
    ------
    ValueError
        If a size or the decay is out of range.

    References
    ----------
    O. Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016. L. Kaiser et al.,
    "Learning to Remember Rare Events", ICLR 2017.

    Examples
    --------
    >>> from skmeta.engines import numpy_ops
    >>> from skmeta.memory import Associative
    >>> state = Associative(n_slots=100).initial_state(numpy_ops, n_episodes=1, label_size=5)
    >>> state.keys.shape, state.labels.shape
    ((1, 100, 64), (1, 100, 5))
    """

    n_slots: int = 128
    n_units: int = 64
    usage_decay: float = 0.95

    votes = True

    def __post_init__(self):
        if min(self.n_slots, self.n_units) < 1:
            raise ValueError(
                f"n_slots and n_units must be at least 1, got {self.n_slots} and {self.n_units}."
            )
        if not 0 <= self.usage_decay <= 1:
            raise ValueError(f"usage_decay must lie in [0, 1], got {self.usage_decay}.")

    @property
    def most_labels(self):  # noqa: D102 - inherited
        return self.n_slots  # one each

    def output_size(self, label_size):  # noqa: D102 - inherited
        return 2 * label_size + 1

    def weight_specs(self, n_features, label_size):  # noqa: D102 - inherited
        return key_specs(n_features, self.n_units)

    def initial_state(self, ops, n_episodes, label_size):  # noqa: D102 - inherited
        return AssociativeState(
            keys=ops.zeros((n_episodes, self.n_slots, self.n_units), dtype="float32"),
            labels=ops.zeros((n_episodes, self.n_slots, label_size), dtype="float32"),
            filled=ops.zeros((n_episodes, self.n_slots), dtype="float32"),
            usage=ops.zeros((n_episodes, self.n_slots), dtype="float32"),
        )

    def embed(self, ops, weights, x):  # noqa: D102 - inherited
        return unit(ops, ops.matmul(x, weights["kernel"]) + weights["bias"])

    def step(self, ops, weights, state, u, y):  # noqa: D102 - inherited
        similarity = self._similarity(ops, state, u)
        output, read_weights = self._answer(ops, weights, state, similarity)
        return output, self._write(ops, state, similarity, read_weights, u, y)

    def read(self, ops, weights, state, u):  # noqa: D102 - inherited
        output, _ = self._answer(ops, weights, state, self._similarity(ops, state, u))
        return output

    def _similarity(self, ops, state, key):
        """Cosine of the key with each slot, (B, N); :data:`NEVER` where a slot is empty."""
        cosine = ops.matmul(unit(ops, state.keys), ops.expand_dims(key, 2))[:, :, 0]
        return state.filled * cosine + (1.0 - state.filled) * NEVER

    def _answer(self, ops, weights, state, similarity):
        """Output (r, d, f), (B, 2 L + 1), and the weights with which slots were read."""
        known = ops.max(ops.expand_dims(state.filled, 2) * state.labels, axis=1)
        return vote(ops, weights, similarity, known, state.labels)

    def _write(self, ops, state, similarity, read_weights, key, y):
        """Put a row into one slot: an empty one, the nearest of its label, or the least used."""
        full = ops.min(state.filled, axis=-1, keepdims=True)
        nearest = self._nearest(ops, similarity, state, y)
        joins = ops.max(nearest, axis=-1, keepdims=True)
        joins = joins * full
        # No slot that holds something has less use than an empty one.
        least_used = addressing.least_used(ops, state.usage + state.filled, 1)[:, 0]
        slot = joins * nearest + (1.0 - joins) * least_used

        there = ops.expand_dims(slot, 2)
        written = ops.expand_dims(joins, 2) * state.keys + ops.expand_dims(key, 1)
        keys = (1.0 - there) * state.keys + there * written
        taker, leaving_key = self._taker(ops, state, least_used)
        taker = full * (1.0 - joins) * taker
        keys = keys + ops.expand_dims(taker, 2) * leaving_key
        return AssociativeState(
            keys=keys,
            labels=(1.0 - there) * state.labels + there * ops.expand_dims(y, 1),
            filled=ops.maximum(state.filled, slot),
            usage=addressing.update_usage(
                ops,
                state.usage,
                self.usage_decay,
                ops.expand_dims(state.filled * read_weights, 1),
                ops.expand_dims(slot + taker, 1),
            ),
        )

    def _nearest(self, ops, similarity, state, y):
        """The most similar slot with a label, one-hot (B, N), or zeros if none has it.

        Slots of similarity :data:`NEVER` are passed over.
        """
        apart = ops.max(ops.absolute(state.labels - ops.expand_dims(y, 1)), axis=-1)
        same = ops.cast(apart < SAME, "float32") * ops.cast(similarity > NEVER / 2, "float32")
        _, index = ops.top_k(same * similarity + (1.0 - same) * NEVER, 1)
        return same * ops.one_hot(index[:, 0], self.n_slots, dtype="float32")

    def _taker(self, ops, state, leaving):
        """The slot that takes the key of a leaving one, (B, N), and that key, (B, 1, W).

        It is the nearest other slot of the same label; zeros, if there is none.
        """
        key, label = (
            ops.matmul(ops.expand_dims(leaving, 1), z) for z in (state.keys, state.labels)
        )
        similarity = self._similarity(ops, state, unit(ops, key[:, 0]))
        others = (1.0 - leaving) * similarity + leaving * NEVER
        return self._nearest(ops, others, state, label[:, 0]), key


def key_specs(n_features, n_units):
    """Weights of a memory that votes: those of keys, beta, alpha and theta."""
    return {
        "kernel": WeightSpec((n_features, n_units), "glorot_uniform"),
        "bias": WeightSpec((n_units,), 0.0),
        # beta = alpha = exp(2.3) = 10: sharp enough to tell neighbours apart from the start.
        "log_sharpness": WeightSpec((1,), 2.3),
        "log_slope": WeightSpec((1,), 2.3),
        "threshold": WeightSpec((1,), 0.5),
    }


def vote(ops, weights, similarity, known, labels=None):
    """Answer rows by what is like them.

    Parameters
    ----------
    ops, weights
        As for :meth:`Memory.step`.
    similarity : array of shape (..., N)
        Cosine of the row with each slot; :data:`NEVER` where a slot is empty.
    known : array of shape (..., L)
        1 for a label that some slot has.
    labels : array of shape (..., N, L), optional
        The slots' labels; by default slot l has label l, and an empty one none.

    Returns
    -------
    output : array of shape (..., 2 L + 1)
        r, d and f, side by side.
    read_weights : array of shape (..., N)
    """
    read_weights = ops.softmax(ops.exp(weights["log_sharpness"]) * similarity, axis=-1)
    if labels is None:
        found = known * read_weights
    else:
        found = ops.matmul(ops.expand_dims(read_weights, -2), labels)[..., 0, :]
    nearest = ops.max(similarity, axis=-1, keepdims=True)
    familiarity = ops.exp(weights["log_slope"]) * (nearest - weights["threshold"])
    # 1 - f = exp(-softplus(.)): a difference would round a small doubt away.
    doubt = ops.exp(-ops.softplus(familiarity)) * (1.0 - known)
    return ops.concatenate([found, doubt, ops.sigmoid(familiarity)], axis=-1), read_weights
