"""Optimisers, on one device or several: gradients of the whole batch, clipped to one norm."""

from __future__ import annotations

import keras
from keras import ops

# Below Keras' default of 1e-7: shortens the plateau of in-context learners (Kirsch et al. 2022).
ADAM_EPSILON = 1e-8
GRADIENT_NORM = 1.0
# Muon's constants, from Jordan's implementation.
MOMENTUM = 0.95
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
N_ITERATIONS = 5
# The step of a matrix, by its largest singular value, in learning rates: first matrices have one
# of about 2, so that 0.005 moves them by a hundredth.
STEP_SIZE = 5.0


class Muon(keras.optimizers.Adam):
    """Muon for the matrices within a network, Adam for its readout and all that is no matrix.

    A matrix moves along its momentum made orthogonal: all singular values become about 1. Keras
    has a Muon too, whose step differs between its versions.

    References
    ----------
    K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Take a step on one variable."""
        # TensorFlow puts the model's name before a variable's, and the replica's behind it.
        parts = variable.name.split("/")
        if len(variable.shape) != 2 or any(part.startswith("readout") for part in parts):
            return super().update_step(gradient, variable, learning_rate)
        momentum = self._momentums[self._get_variable_index(variable)]
        self.assign(momentum, MOMENTUM * momentum + (1 - MOMENTUM) * gradient)
        direction = orthogonal(MOMENTUM * momentum + (1 - MOMENTUM) * gradient)  # as Nesterov's
        rate = STEP_SIZE * ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, rate * direction)


def orthogonal(matrix):
    """Return about U V^T of the matrix U S V^T, by five Newton-Schulz iterations."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = ops.transpose(matrix) if tall else matrix
    x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
    for _ in range(N_ITERATIONS):
        square = ops.matmul(x, ops.transpose(x))
        x = a * x + ops.matmul(b * square + c * ops.matmul(square, square), x)
    return ops.transpose(x) if tall else x


class SumFirst(keras.optimizers.Optimizer):
    """For an optimiser under a strategy of ``tf.distribute``.

    Keras clips each device's part of the gradient, then sums the parts. Here they are summed
    first, as if one device had seen the whole batch.
    """

    def apply(self, grads, trainable_variables=None):
        """Clip the sum of the devices' gradients, and hand each device its share."""
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        grads = context.all_reduce(tf.distribute.ReduceOp.SUM, list(grads))
        grads, _ = tf.clip_by_global_norm(grads, GRADIENT_NORM)
        shares = [grad / context.num_replicas_in_sync for grad in grads]  # Keras sums them again
        return super().apply(shares, trainable_variables)


class ReplicatedAdam(SumFirst, keras.optimizers.Adam):
    """Adam under a strategy of ``tf.distribute``."""


class ReplicatedMuon(SumFirst, Muon):
    """Muon under a strategy of ``tf.distribute``."""


OPTIMIZERS = {
    "adam": (keras.optimizers.Adam, ReplicatedAdam),
    "muon": (Muon, ReplicatedMuon),
}


def make_optimizer(name, schedule):
    """Return the optimiser "adam" or "muon" for a schedule of learning rates."""
    alone, in_replicas = OPTIMIZERS[name]
    if replicated():
        return in_replicas(schedule, epsilon=ADAM_EPSILON)
    return alone(schedule, epsilon=ADAM_EPSILON, global_clipnorm=GRADIENT_NORM)


def replicated() -> bool:
    """Return whether a strategy of ``tf.distribute`` keeps copies of the weights."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync > 1
