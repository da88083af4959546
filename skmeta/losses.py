"""Negative log-likelihood, in nats a step."""

from __future__ import annotations

import math


def class_nll(ops, logits, targets):
    """Cross-entropy of one label, summed over its positions.

    Parameters
    ----------
    logits : array of shape (..., L, C)
    targets : array of shape (..., L) of integers

    Returns
    -------
    nll : array of shape (...), nats
    """
    shifted = logits - ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
    log_p = shifted - ops.log(ops.sum(ops.exp(shifted), axis=-1, keepdims=True))
    chosen = ops.one_hot(targets, logits.shape[-1], dtype="float32")
    return -ops.sum(log_p * chosen, axis=(-2, -1))


def gaussian_nll(ops, moments, targets):
    """Negative log-density of targets under independent Gaussians.

    Parameters
    ----------
    moments : array of shape (..., 2, n_outputs)
        Mean and logarithm of the standard deviation.
    targets : array of shape (..., n_outputs)

    Returns
    -------
    nll : array of shape (...), nats
    """
    mean, log_std = moments[..., 0, :], moments[..., 1, :]
    z = (targets - mean) * ops.exp(-log_std)
    return ops.sum(0.5 * ops.square(z) + log_std + 0.5 * math.log(2 * math.pi), axis=-1)
