"""Steps under a strategy of ``tf.distribute``: devices of one machine, or of several."""

from __future__ import annotations

import numpy as np


class ReplicaLoop:
    """A training loop in the place of Keras' ``fit``, which fails over several workers.

    Each replica takes its share of the episodes of a batch; every worker draws the whole
    batch, which is a function of the seed, and keeps what is its own.

    Parameters
    ----------
    model : MetaNetwork
        Built and compiled under the strategy.
    batch_size : int
        Episodes a step, of all replicas together.

    Raises
    ------
    ValueError
        If the replicas cannot have equal shares.
    """

    def __init__(self, model, batch_size: int):
        import tensorflow as tf

        self.strategy = tf.distribute.get_strategy()
        n_replicas = self.strategy.num_replicas_in_sync
        if batch_size % n_replicas:
            raise ValueError(
                f"batch_size must be a multiple of the {n_replicas} devices, got {batch_size}."
            )
        self.share = batch_size // n_replicas

        def on_replica(rows, targets, weights=None):
            with tf.GradientTape() as tape:
                # A replica's share of the mean: Keras divides by the number of replicas.
                loss = model.loss(targets, model(rows), sample_weight=weights)
            variables = model.trainable_variables
            # The optimiser sums over the replicas.
            model.optimizer.apply(tape.gradient(loss, variables), variables)
            return loss

        @tf.function
        def step(batch):
            return self.strategy.reduce("SUM", self.strategy.run(on_replica, args=batch), axis=None)

        self._step = step

    @property
    def writes(self) -> bool:
        """Whether this process is the one of its cluster that writes checkpoints."""
        return self.strategy.extended.should_checkpoint

    def fit(self, batches) -> float:
        """Take a step on each of some batches, and return their mean loss."""
        losses = []
        for batch in batches:
            shares = self._from_each(lambda context, batch=batch: self._share(context, batch))
            losses.append(self._step(shares))
        return float(np.mean([loss.numpy() for loss in losses]))

    def at_mean_step(self, step: int) -> bool:
        """Return whether a step is the mean over all workers: somewhere not, if they differ."""
        import tensorflow as tf

        steps = self._from_each(lambda context: tf.constant(step))
        total = self.strategy.reduce("SUM", steps, axis=None)
        return int(total) == step * self.strategy.num_replicas_in_sync

    def _from_each(self, function):
        """The values of a function of each replica's context."""
        return self.strategy.experimental_distribute_values_from_function(function)

    def _share(self, context, batch):
        """The episodes of one replica."""
        import tensorflow as tf

        first = context.replica_id_in_sync_group * self.share
        return tf.nest.map_structure(
            lambda array: tf.convert_to_tensor(array[first : first + self.share]), batch
        )
