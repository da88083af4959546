"""From one row to the features that a memory reads."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from skmeta.memory import WeightSpec


@dataclass(frozen=True)
class FlatEncoder:
    """Rows as they are, pictures row by row, after a fixed shift and scale.

    ``center`` and ``scale`` are measured once on the tasks of meta-training, for
    each feature of a vector and for all pixels of a picture together; gradient
    descent leaves them alone.
    """

    def weight_specs(self, input_shape):
        """Return name -> WeightSpec."""
        size = (prod(input_shape),)
        return {
            "center": WeightSpec(size, 0.0, trainable=False),
            "scale": WeightSpec(size, 1.0, trainable=False),
        }

    def output_size(self, input_shape) -> int:
        """Features F of one row."""
        return prod(input_shape)

    def encode(self, ops, weights, x, input_shape):
        """Return features of shape (..., F) for rows of shape (..., *input_shape)."""
        leading = ops.shape(x)[: len(x.shape) - len(input_shape)]
        flat = ops.reshape(x, (*leading, prod(input_shape)))
        return (flat - weights["center"]) / weights["scale"]
