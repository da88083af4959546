"""From the output of a memory to an answer."""

from __future__ import annotations

from dataclasses import dataclass

from skmeta.memory import WeightSpec

# The least standard deviation a Gaussian answer may have, in units of the target's scale:
# a noise-free function must not be answered with an infinite density.
LEAST_STD = 1e-3
# The least probability of a class in a vote: one row can cost so much, and no more.
LEAST_VOTE = 1e-6


@dataclass(frozen=True)
class ClassReadout:
    """Logits of shape (..., L, C): one softmax over C classes a label position."""

    def weight_specs(self, n_features, spec):
        """Return name -> WeightSpec."""
        return {
            "kernel": WeightSpec((n_features, spec.label_size), "glorot_uniform"),
            "bias": WeightSpec((spec.label_size,), 0.0),
        }

    def answer(self, ops, weights, output, spec):
        """Return logits of shape (..., L, C)."""
        logits = ops.matmul(output, weights["kernel"]) + weights["bias"]
        leading = ops.shape(output)[:-1]
        return ops.reshape(logits, (*leading, spec.label_length, spec.n_outputs))


@dataclass(frozen=True)
class VoteReadout:
    """Logits of shape (..., L, C) from a vote, without weights of its own.

    A memory that votes returns (r, d, f): the mean label of what looks like the row, the doubt,
    which is 1 - f for each label that is new to it, and f, how familiar the row is. A strange row
    has one of the new labels, and the more there are of them, the more rows are strange:

        p = (f r + d) / sum(f r + d)
    """

    def weight_specs(self, n_features, spec):
        """Return no weights."""
        return {}

    def answer(self, ops, weights, output, spec):
        """Return log p, but for a constant, of shape (..., L, C)."""
        size, shape = spec.label_size, (spec.label_length, spec.n_outputs)
        leading = ops.shape(output)[:-1]
        found = ops.reshape(output[..., :size], (*leading, *shape))
        doubt = ops.reshape(output[..., size : 2 * size], (*leading, *shape))
        familiar = ops.expand_dims(output[..., 2 * size :], -1)
        return ops.log(familiar * found + doubt + LEAST_VOTE)


@dataclass(frozen=True)
class GaussianReadout:
    """Mean and logarithm of the standard deviation, shape (..., 2, n_outputs), in target units."""

    def weight_specs(self, n_features, spec):
        """Return name -> WeightSpec."""
        size = (spec.n_outputs,)
        return {
            "kernel": WeightSpec((n_features, 2 * spec.n_outputs), "glorot_uniform"),
            "bias": WeightSpec((2 * spec.n_outputs,), 0.0),
            "center": WeightSpec(size, 0.0, trainable=False),
            "scale": WeightSpec(size, 1.0, trainable=False),
        }

    def answer(self, ops, weights, output, spec):
        """Return (mean, log std) stacked on the axis before the last."""
        moments = ops.matmul(output, weights["kernel"]) + weights["bias"]
        mean, spread = ops.split(moments, 2, axis=-1)
        # softplus(0.55) = 1: an untrained answer has the spread of the targets.
        std = ops.softplus(spread + 0.55) + LEAST_STD
        mean = mean * weights["scale"] + weights["center"]
        log_std = ops.log(std * weights["scale"])
        return ops.concatenate([ops.expand_dims(mean, -2), ops.expand_dims(log_std, -2)], axis=-2)
