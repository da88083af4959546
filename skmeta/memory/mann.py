"""The memory-augmented network of Santoro et al. 2016: an LSTM with an external memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from skmeta.memory import addressing
from skmeta.memory._base import ShiftedMemory, WeightSpec
from skmeta.memory.lstm import LSTMState, lstm_specs, lstm_step

# The constant a fresh memory holds (Collier & Beel 2018): small, and not zero.
FRESH_SLOT = 1e-6


class MANNState(NamedTuple):
    """State of the network between two rows.

    controller : LSTMState
    memory : (B, N, W), M_{t-1}
    read_weights : (B, R, N), w^r_{t-1}
    usage : (B, N), w^u_{t-1}
    reads : (B, R * W), r_{t-1}
    """

    controller: Any
    memory: Any
    read_weights: Any
    usage: Any
    reads: Any


class Access(NamedTuple):
    """What the heads ask for in one step.

    keys, vectors : (B, R, W), what to look for and what to write
    gates : (B, R), in (0, 1)
    strengths : (B, R), positive, or None
    """

    keys: Any
    vectors: Any
    gates: Any
    strengths: Any


@dataclass(frozen=True)
class MANN(ShiftedMemory):
    """LSTM controller with least recently used access (LRUA) to an external memory.

    The defaults are the paper's sizes. The equations are the paper's but for
    what the options below name and :func:`skmeta.memory.addressing.least_used`
    says; ``key_strength=False`` is the paper's network.

    Parameters
    ----------
    n_units : int, default=200
        Cells of the controller.
    n_slots : int, default=128
        Slots N.
    slot_width : int, default=40
        Width W of a slot.
    n_reads : int, default=4
        Heads R; each reads and writes once a step.
    usage_decay : float, default=0.95
        gamma, how slowly a slot is forgotten to be in use.
    key_strength : bool, default=True
        Sharpen the read weights by a learned beta = 1 + softplus(.). The paper
        has none.
    add_vector : bool, default=False
        Write a vector of its own, tanh(.), where the paper writes the key.

    Raises
    ------
    ValueError
        If a size or the decay is out of range.

    References
    ----------
    A. Santoro, S. Bartunov, M. Botvinick, D. Wierstra, T. Lillicrap, "One-shot
    Learning with Memory-Augmented Neural Networks", arXiv:1605.06065, 2016.

    Examples
    --------
    >>> from skmeta.engines import numpy_ops
    >>> from skmeta.memory import MANN
    >>> state = MANN(n_slots=64).initial_state(numpy_ops, n_episodes=1, label_size=5)
    >>> state.cell.memory.shape
    (1, 64, 40)
    """

    n_units: int = 200
    n_slots: int = 128
    slot_width: int = 40
    n_reads: int = 4
    usage_decay: float = 0.95
    key_strength: bool = True
    add_vector: bool = False

    def __post_init__(self):
        sizes = (self.n_units, self.n_slots, self.slot_width, self.n_reads)
        if min(sizes) < 1 or self.n_reads > self.n_slots:
            raise ValueError(
                "n_units, n_slots, slot_width and n_reads must be at least 1 and n_reads at most "
                f"n_slots, got {sizes}."
            )
        if not 0 <= self.usage_decay <= 1:
            raise ValueError(f"usage_decay must lie in [0, 1], got {self.usage_decay}.")

    @property
    def _access_sizes(self):
        """Lengths of the parts that the controller sends to the heads."""
        vector = self.n_reads * self.slot_width
        sizes = {"keys": vector, "gates": self.n_reads}
        if self.add_vector:
            sizes["vectors"] = vector
        if self.key_strength:
            sizes["strengths"] = self.n_reads
        return sizes

    def weight_specs(self, n_features, label_size):  # noqa: D102 - inherited
        n_recurrent = label_size + self.n_units + self.n_reads * self.slot_width
        specs = lstm_specs(n_features, n_recurrent, self.n_units, label_size)
        for name, size in self._access_sizes.items():
            specs[f"{name}_kernel"] = WeightSpec((self.n_units, size), "glorot_uniform")
            # beta starts near 5: sharp enough to learn from, not so sharp that it saturates.
            specs[f"{name}_bias"] = WeightSpec((size,), 4.0 if name == "strengths" else 0.0)
        return specs

    def output_size(self, label_size):  # noqa: D102 - inherited
        return self.n_units + self.n_reads * self.slot_width

    def initial_cell(self, ops, n_episodes):  # noqa: D102 - inherited
        zeros = ops.zeros((n_episodes, self.n_units), dtype="float32")
        # The first read and usage weights lie on slot 0.
        first_slot = ops.zeros((n_episodes,), dtype="int32")
        used = ops.one_hot(first_slot, self.n_slots, dtype="float32")
        heads = ops.zeros((n_episodes, self.n_reads, 1), dtype="float32")
        return MANNState(
            controller=LSTMState(hidden=zeros, carousel=zeros),
            memory=ops.full(
                (n_episodes, self.n_slots, self.slot_width), FRESH_SLOT, dtype="float32"
            ),
            read_weights=heads + ops.expand_dims(used, 1),
            usage=used,
            reads=ops.zeros((n_episodes, self.n_reads * self.slot_width), dtype="float32"),
        )

    def access(self, ops, weights, hidden):
        """Return the heads' :class:`Access` for the controller's output h_t."""

        def part(name):
            return ops.matmul(hidden, weights[f"{name}_kernel"]) + weights[f"{name}_bias"]

        vector_shape = (-1, self.n_reads, self.slot_width)
        keys = ops.reshape(ops.tanh(part("keys")), vector_shape)
        return Access(
            keys=keys,
            vectors=ops.reshape(ops.tanh(part("vectors")), vector_shape)
            if self.add_vector
            else keys,
            gates=ops.sigmoid(part("gates")),
            strengths=1.0 + ops.softplus(part("strengths")) if self.key_strength else None,
        )

    def write_weights(self, ops, access, state):
        """Return w^w_t and w^lu_{t-1}, both of shape (B, R, N), from the state before the step."""
        least_used = addressing.least_used(ops, state.usage, self.n_reads)
        weights = addressing.write_weights(ops, access.gates, state.read_weights, least_used)
        return weights, least_used

    def cell(self, ops, weights, state, u, y_before):  # noqa: D102 - inherited
        recurrent = ops.concatenate([y_before, state.controller.hidden, state.reads], axis=-1)
        hidden, carousel = lstm_step(ops, weights, state.controller.carousel, u, recurrent)
        access = self.access(ops, weights, hidden)

        write_weights, least_used = self.write_weights(ops, access, state)
        memory = addressing.write(
            ops, state.memory, write_weights, access.vectors, ops.sum(least_used, axis=1)
        )
        similarity = addressing.cosine_similarity(ops, access.keys, memory)
        read_weights = addressing.read_weights(ops, similarity, access.strengths)
        reads = ops.reshape(ops.matmul(read_weights, memory), (-1, self.n_reads * self.slot_width))
        usage = addressing.update_usage(
            ops, state.usage, self.usage_decay, read_weights, write_weights
        )
        output = ops.concatenate([hidden, reads], axis=-1)
        return output, MANNState(LSTMState(hidden, carousel), memory, read_weights, usage, reads)
