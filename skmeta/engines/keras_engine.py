"""Inference in compiled Keras functions: for GPUs and large supports.

Compiled code has fixed shapes. A support of any length is read in pieces of
a few fixed lengths, and queries are padded to a few fixed numbers, so that new
data compile nothing anew.
"""

from __future__ import annotations

import threading
import weakref

import keras
import numpy as np
from keras import ops

from skmeta.engines.keras_loop import RowLoop, flatten_state, restore_state

PIECES = (64, 16, 4, 1)


def _compile(function):
    """Compile a function of arrays with the backend's own compiler."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, reduce_retracing=False)
    return function


def pieces(n_rows: int) -> list[int]:
    """Cut a number of rows into fixed lengths: 23 -> [16, 4, 1, 1, 1]."""
    lengths = []
    for length in PIECES:
        lengths += [length] * (n_rows // length)
        n_rows %= length
    return lengths


class KerasEngine:
    """The twin of a learner's ``learn`` and ``read`` in compiled Keras functions.

    Parameters
    ----------
    network : skmeta.networks.Network
    weights : mapping of str to ndarray
    """

    def __init__(self, network, weights):
        self.network = network
        self.weights = {k: ops.convert_to_tensor(w) for k, w in weights.items()}
        self._lock = threading.Lock()
        self._rows = RowLoop(network, self.weights)
        self._template = self._rows.cell.template
        self._learn = _compile(self._learn_piece)
        self._read = _compile(self._read_rows)

    def _learn_piece(self, inputs, labels, *leaves):
        u = self.network.embed(ops, self.weights, inputs)
        return self._rows(u, labels, leaves)

    def _read_rows(self, inputs, *leaves):
        state = restore_state(self._template, leaves)
        u = self.network.embed(ops, self.weights, inputs)
        return self.network.answer(
            ops, self.weights, self.network.read_rows(ops, self.weights, state, u)
        )

    def learn(self, state, inputs, labels):
        """Read labelled rows: see :meth:`skmeta.networks.Learner.learn`."""
        leaves = _leaves(state)
        size = self.network.output_size
        outputs, first = [np.empty((len(inputs), 0, size), dtype=np.float32)], 0
        with self._lock:
            for length in pieces(inputs.shape[1]):
                rows = slice(first, first + length)
                output, leaves = self._learn(
                    ops.convert_to_tensor(inputs[:, rows], dtype="float32"),
                    ops.convert_to_tensor(labels[:, rows], dtype="float32"),
                    *leaves,
                )
                outputs.append(ops.convert_to_numpy(output))
                first += length
        arrays = iter([ops.convert_to_numpy(leaf) for leaf in leaves])
        return _reshaped(self._template, arrays), np.concatenate(outputs, axis=1)

    def store(self, state, inputs, labels):
        """Read labelled rows: see :meth:`skmeta.networks.Learner.store`."""
        return self.learn(state, inputs, labels)[0]

    def read(self, state, inputs):
        """Answer rows from a frozen state: see :meth:`skmeta.networks.Learner.read`."""
        inputs = np.asarray(inputs, dtype=np.float32)
        leaves = _leaves(state)
        inputs = inputs.reshape(len(leaves[0]), -1, *inputs.shape[1:])
        n_rows = inputs.shape[1]
        n_padded = 1 << max(0, n_rows - 1).bit_length()
        padding = np.repeat(inputs[:, -1:], n_padded - n_rows, axis=1)
        rows = ops.convert_to_tensor(np.concatenate([inputs, padding], axis=1))
        with self._lock:
            answers = self._read(rows, *leaves)
        answers = ops.convert_to_numpy(answers)[:, :n_rows]
        return answers.reshape(-1, *answers.shape[2:])


def _leaves(state):
    """Return a state as what compiled functions take: flat float32 tensors."""
    return [
        ops.convert_to_tensor(np.asarray(leaf, dtype=np.float32).reshape(len(leaf), -1))
        for leaf in flatten_state(state)
    ]


def _reshaped(template, leaves):
    if isinstance(template, tuple):
        return type(template)(*(_reshaped(part, leaves) for part in template))
    return np.array(next(leaves)).reshape(-1, *template.shape[1:])


_engines: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_engines_lock = threading.Lock()


def compiled(learner) -> KerasEngine:
    """Return the engine of a learner: one a process.

    Parameters
    ----------
    learner : skmeta.networks.Learner

    Returns
    -------
    engine : KerasEngine
    """
    with _engines_lock:
        if learner not in _engines:
            _engines[learner] = KerasEngine(learner.network, learner.weights)
        return _engines[learner]
