"""The yardstick of the speed benchmark: the same equations as a plain Keras cell.

Written the way a Keras user would: dense layers inside the cell, everything in
the loop. Not part of the package.
"""

import keras
from keras import ops


class PlainMANNCell(keras.layers.Layer):
    """LSTM controller and LRUA memory, states as flat tensors."""

    def __init__(self, n_units=200, n_slots=128, slot_width=40, n_reads=4, decay=0.95):
        super().__init__()
        self.n_slots, self.slot_width, self.n_reads, self.decay = (
            n_slots,
            slot_width,
            n_reads,
            decay,
        )
        self.controller = keras.layers.LSTMCell(n_units)
        self.keys = keras.layers.Dense(n_reads * slot_width, activation="tanh")
        self.gates = keras.layers.Dense(n_reads, activation="sigmoid")
        self.strengths = keras.layers.Dense(n_reads, activation="softplus")
        self.state_size = [
            n_units,
            n_units,
            n_slots * slot_width,
            n_reads * n_slots,
            n_slots,
            n_reads * slot_width,
        ]
        self.output_size = n_units + n_reads * slot_width

    def get_initial_state(self, batch_size=None):
        sizes = self.state_size
        states = [ops.zeros((batch_size, size)) for size in sizes]
        states[2] = ops.full((batch_size, sizes[2]), 1e-6)
        return states

    def call(self, inputs, states):
        h, c, memory, read_before, usage, reads = states
        n, w, r = self.n_slots, self.slot_width, self.n_reads
        memory = ops.reshape(memory, (-1, n, w))
        read_before = ops.reshape(read_before, (-1, r, n))
        h, (h, c) = self.controller(ops.concatenate([inputs, reads], axis=-1), [h, c])
        keys = ops.reshape(self.keys(h), (-1, r, w))
        gates = ops.expand_dims(self.gates(h), 2)
        strengths = ops.expand_dims(1.0 + self.strengths(h), 2)
        _, slots = ops.top_k(-usage, r)
        least_used = ops.one_hot(slots, n)
        write = gates * read_before + (1 - gates) * least_used
        memory = memory * (1 - ops.expand_dims(ops.sum(least_used, axis=1), 2))
        memory = memory + ops.matmul(ops.transpose(write, (0, 2, 1)), keys)
        dots = ops.matmul(keys, ops.transpose(memory, (0, 2, 1)))
        key_norm = ops.sqrt(ops.sum(keys**2, axis=-1, keepdims=True) + 1e-8)
        slot_norm = ops.expand_dims(ops.sqrt(ops.sum(memory**2, axis=-1) + 1e-8), 1)
        read = ops.softmax(strengths * dots / (key_norm * slot_norm), axis=-1)
        reads = ops.reshape(ops.matmul(read, memory), (-1, r * w))
        usage = self.decay * usage + ops.sum(read + write, axis=1)
        flat = [ops.reshape(memory, (-1, n * w)), ops.reshape(read, (-1, r * n))]
        return ops.concatenate([h, reads], axis=-1), [h, c, *flat, usage, reads]


def plain_mann(input_size, n_classes):
    """Return the compiled model: rows of x_t and y_{t-1} in, logits out."""
    inputs = keras.Input((None, input_size))
    hidden = keras.layers.RNN(PlainMANNCell(), return_sequences=True)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(n_classes)(hidden))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=True,
    )
    return model
