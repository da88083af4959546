"""A Keras model around a :class:`skmeta.networks.Network`: Keras owns the weights and the loop."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from skmeta import losses
from skmeta.engines import half_ops
from skmeta.engines.keras_loop import DTYPE, RowLoop
from skmeta.networks import Network


class MetaNetwork(keras.Model):
    """Trainable twin of a learner: inputs and labels of whole episodes -> answers at every step.

    Parameters
    ----------
    network : Network
        The architecture.
    weights : dict of str to ndarray
        First values by name.
    precision : {"float32", "bfloat16"}, default="float32"
        Of convolutions.
    """

    def __init__(self, network: Network, weights, precision="float32", **kwargs):
        super().__init__(dtype=DTYPE, **kwargs)
        self.network = network
        self._encoder_ops = half_ops if precision == "bfloat16" else ops
        specs = network.weight_specs()
        self.named_weights = {
            name: self.add_weight(
                name=name.replace("/", "_"),
                shape=spec.shape,
                initializer=keras.initializers.Constant(weights[name]),
                trainable=spec.trainable,
            )
            for name, spec in specs.items()
        }
        self.rows = RowLoop(network, self.named_weights)

    def call(self, batch):
        """Return answers of shape (B, T, ...) for {"inputs": ..., "labels": ...}."""
        u = self.network.embed(self._encoder_ops, self.named_weights, batch["inputs"])
        fresh = self.rows.cell.get_initial_state(ops.shape(u)[0])
        outputs, _ = self.rows(u, batch["labels"], fresh)
        return self.network.answer(ops, self.named_weights, outputs)

    def values(self) -> dict[str, np.ndarray]:
        """Return the weights by name, as NumPy arrays."""
        return {k: ops.convert_to_numpy(w) for k, w in self.named_weights.items()}


class StepLoss(keras.losses.Loss):
    """Mean negative log-likelihood over episodes and steps, in nats a step."""

    def __init__(self, network: Network, **kwargs):
        super().__init__(dtype=DTYPE, **kwargs)
        self.network = network

    def call(self, targets, answers):
        """Return nats of shape (B, T)."""
        spec = self.network.spec
        if spec.kind == "regression":
            return losses.gaussian_nll(ops, answers, targets)
        targets = ops.cast(targets, "int32")
        if spec.label_length == 1:
            targets = ops.expand_dims(targets, -1)
        return losses.class_nll(ops, answers, targets)


def compiled_by_xla(network: Network):
    """Return Keras' ``jit_compile`` for a network.

    A loop over rows is faster compiled, on every backend. Without a loop Keras decides: on a CPU,
    convolutions and factorisations of matrices take XLA several times as long as TensorFlow.
    """
    return "auto" if network.memory.together else True
