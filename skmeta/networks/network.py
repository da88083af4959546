"""The learner's architecture: encoder, memory, readout, as pure functions of named weights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from skmeta.episodes import TaskSpec
from skmeta.memory import Memory, WeightSpec
from skmeta.networks.encoder import Encoder, FlatEncoder, TableEncoder
from skmeta.networks.readout import ClassReadout, GaussianReadout, VoteReadout


def part_weights(weights, name):
    """Return the weights of one part: "memory/kernel" -> "kernel" for the part "memory".

    Parameters
    ----------
    weights : dict of str to array
    name : {"encoder", "memory", "readout"}

    Returns
    -------
    weights : dict of str to array
    """
    prefix = name + "/"
    return {k[len(prefix) :]: w for k, w in weights.items() if k.startswith(prefix)}


@dataclass(frozen=True)
class Network:
    """Encoder, memory and readout for one kind of task. Holds no weights.

    Parameters
    ----------
    spec : TaskSpec
        What the tasks look like.
    memory : Memory
        The recurrent cell that learns.
    encoder : Encoder
        What turns a row into features.

    Raises
    ------
    ValueError
        If targets are numbers, and the memory learns classes alone, or if the encoder reads
        tables alone, and rows are none.
    """

    spec: TaskSpec
    memory: Memory
    encoder: Encoder = field(default_factory=FlatEncoder)

    def __post_init__(self):
        if self.spec.kind == "regression" and not self.memory.learns_numbers:
            raise ValueError(
                f"{type(self.memory).__name__} learns classes, and the targets are numbers: choose "
                "another memory."
            )
        if isinstance(self.encoder, TableEncoder) and not self.spec.table:
            raise ValueError("A TableEncoder reads tables, and the tasks are none.")

    @property
    def readout(self):
        """ClassReadout, VoteReadout or GaussianReadout, by the kind of task and of memory."""
        if self.spec.kind == "regression":
            return GaussianReadout()
        return VoteReadout() if self.memory.votes else ClassReadout()

    @property
    def output_size(self) -> int:
        """Length of the memory's output for a row."""
        return self.memory.output_size(self.spec.label_size)

    def in_training(self) -> Network:
        """Return the network as meta-training uses it: see :class:`ConvEncoder`."""
        return replace(self, encoder=self.encoder.in_training())

    def weight_specs(self) -> dict[str, WeightSpec]:
        """Return "part/name" -> WeightSpec for all weights."""
        encoder = self.encoder.weight_specs(self.spec.input_shape)  # it knows what it cannot read
        n_features = self.encoder.output_size(self.spec.input_shape)
        parts = {
            "encoder": encoder,
            "memory": self.memory.weight_specs(n_features, self.spec.label_size),
            "readout": self.readout.weight_specs(self.output_size, self.spec),
        }
        return {f"{part}/{k}": s for part, specs in parts.items() for k, s in specs.items()}

    def initial_weights(self, seed: int) -> dict[str, np.ndarray]:
        """Draw first weights, the same on every backend.

        Parameters
        ----------
        seed : int

        Returns
        -------
        weights : dict of str to float32 ndarray
        """
        rng = np.random.default_rng(seed)
        return {name: spec.initialize(rng) for name, spec in self.weight_specs().items()}

    def initial_state(self, ops, n_episodes):
        """Return the memory's state before the first row."""
        return self.memory.initial_state(ops, n_episodes, self.spec.label_size)

    def embed(self, ops, weights, x):
        """Return the part of a step that needs no state, for rows of shape (..., *input_shape)."""
        own = part_weights(weights, "encoder")
        features = self.encoder.encode(ops, own, x, self.spec.input_shape)
        return self.memory.embed(ops, part_weights(weights, "memory"), features)

    def step(self, ops, weights, state, u, y):
        """Answer one embedded row, then learn its label: (output of the memory, new state)."""
        return self.memory.step(
            ops, part_weights(weights, "memory"), state, u, self._scaled(weights, y)
        )

    def learn_rows(self, ops, weights, state, u, y):
        """Take a step on each of T embedded rows (B, T, ...): (outputs, new state)."""
        return self.memory.learn_rows(
            ops, part_weights(weights, "memory"), state, u, self._scaled(weights, y)
        )

    def store_rows(self, ops, weights, state, u, y):
        """Learn T embedded rows without answering them: the new state."""
        return self.memory.store_rows(
            ops, part_weights(weights, "memory"), state, u, self._scaled(weights, y)
        )

    def read_rows(self, ops, weights, state, u):
        """Return the memory's outputs for Q embedded rows an episode (B, Q, ...)."""
        return self.memory.read_rows(ops, part_weights(weights, "memory"), state, u)

    def answer(self, ops, weights, output):
        """Return the readout of an output of the memory.

        Classification: logits of shape (..., L, C). Regression: mean and
        log standard deviation, shape (..., 2, n_outputs).
        """
        return self.readout.answer(ops, part_weights(weights, "readout"), output, self.spec)

    def _scaled(self, weights, y):
        if self.spec.kind == "classification":
            return y
        return (y - weights["readout/center"]) / weights["readout/scale"]
