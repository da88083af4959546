"""Adam on one device or several: gradients of the whole batch, clipped to one norm."""

from __future__ import annotations

import keras

# Below Keras' default of 1e-7: shortens the plateau of in-context learners (Kirsch et al. 2022).
ADAM_EPSILON = 1e-8
GRADIENT_NORM = 1.0


class ReplicatedAdam(keras.optimizers.Adam):
    """Adam under a strategy of ``tf.distribute``.

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


def adam(schedule):
    """Return the optimiser for a schedule of learning rates."""
    if replicated():
        return ReplicatedAdam(schedule, epsilon=ADAM_EPSILON)
    return keras.optimizers.Adam(schedule, epsilon=ADAM_EPSILON, global_clipnorm=GRADIENT_NORM)


def replicated() -> bool:
    """Return whether a strategy of ``tf.distribute`` keeps copies of the weights.

    XLA cannot compile a step then.
    """
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync > 1
