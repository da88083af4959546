"""The loop of a memory over rows, as a Keras layer. Imported by what needs Keras only."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from skmeta.engines import numpy_ops

# Of weights, states and what layers are given, whatever keras.config.floatx() is for others.
DTYPE = "float32"


def flatten_state(state) -> list:
    """Return the arrays of a state of nested named tuples, in order."""
    if isinstance(state, tuple):
        return [leaf for part in state for leaf in flatten_state(part)]
    return [state]


def restore_state(template, leaves):
    """Undo :func:`flatten_state`: leaves of shape (B, size) take the template's shapes."""
    leaves = iter(leaves)

    def restore(part):
        if isinstance(part, tuple):
            return type(part)(*(restore(p) for p in part))
        return ops.reshape(next(leaves), (-1, *part.shape[1:]))

    return restore(template)


class StepCell(keras.layers.Layer):
    """One step of a network as a cell for ``keras.layers.RNN``: states are flat (B, size) tensors.

    Named tuples, tuples as sizes and states of higher rank do not work in
    ``keras.layers.RNN`` on every backend; flat tensors do.

    Parameters
    ----------
    network : skmeta.networks.Network
        The architecture.
    named_weights : dict of str to variable or tensor
        Its weights.
    """

    def __init__(self, network, named_weights, **kwargs):
        super().__init__(dtype=DTYPE, **kwargs)
        self.network = network
        self.named_weights = named_weights
        self.template = network.initial_state(numpy_ops, 1)
        self.state_size = [int(np.prod(leaf.shape[1:])) for leaf in flatten_state(self.template)]
        self.output_size = network.output_size

    def get_initial_state(self, batch_size=None):
        """Return the state before the first row."""
        state = self.network.initial_state(ops, batch_size)
        return [ops.reshape(leaf, (batch_size, -1)) for leaf in flatten_state(state)]

    def call(self, inputs, states):
        """Take one step on the row u and its label, side by side in ``inputs``."""
        label_size = self.network.spec.label_size
        state = restore_state(self.template, states)
        u, y = inputs[:, :-label_size], inputs[:, -label_size:]
        output, state = self.network.step(ops, self.named_weights, state, u, y)
        return output, self.flat(state)

    def flat(self, state):
        """Return the arrays of a state as flat tensors."""
        return [
            ops.reshape(leaf, (-1, size))
            for leaf, size in zip(flatten_state(state), self.state_size, strict=True)
        ]


class RowLoop:
    """Rows of episodes through a network: together if its memory can, else in Keras' own loop.

    Parameters
    ----------
    network : skmeta.networks.Network
    named_weights : dict of str to variable or tensor
    """

    def __init__(self, network, named_weights):
        self.cell = StepCell(network, named_weights)
        self._loop = None
        if not network.memory.together:
            self._loop = keras.layers.RNN(
                self.cell, return_sequences=True, return_state=True, dtype=DTYPE
            )

    def __call__(self, u, labels, leaves):
        """Return outputs (B, T, size), and the flat state after T embedded rows."""
        if self._loop is not None:
            rows = ops.concatenate([u, labels], axis=-1)
            outputs, *leaves = self._loop(rows, initial_state=list(leaves))
            return outputs, leaves
        cell = self.cell
        state = restore_state(cell.template, leaves)
        outputs, state = cell.network.learn_rows(ops, cell.named_weights, state, u, labels)
        return outputs, cell.flat(state)
