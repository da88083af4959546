"""Fast weights that solve least squares exactly, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from skmeta.memory.fast_weights import FastWeights

# The least variance of a row's noise: bounds how sharply one row can shrink the covariance.
LEAST_NOISE = 1e-2


class LeastSquaresStore(NamedTuple):
    """What a head remembers, in one layer or in all (then of shape (B, layers, ...)).

    values : (B, H, K, V), S: from a key to what was stored under it.
    covariance : (B, H, K, K), P = (I + sum_t k_t k_t^T / n_t)^-1.
    """

    values: Any
    covariance: Any


@dataclass(frozen=True)
class LeastSquares(FastWeights):
    """Layers of fast weight matrices, written by recursive least squares.

    Like :class:`FastWeights`, but a write goes all the way: after each row S is
    the ridge regression of all values on all keys so far,

        g_t = P k_t / (n_t + k_t^T P k_t),    S_t = S_{t-1} + g_t (v_t - S_{t-1}^T k_t)^T,
        P_t = P_{t-1} - g_t (P_{t-1} k_t)^T,

    with a learned variance n_t of a row's noise. What S holds does not depend on
    the order in which keys, values and variances come. In the first layer that means
    the order of the rows; in the next ones a row's key depends on the rows before it.

    Parameters
    ----------
    n_units, n_layers, n_heads : int
        As for :class:`FastWeights`.

    Raises
    ------
    ValueError
        If a size is below 1 or the heads do not divide the units.

    References
    ----------
    L. Bertinetto et al., "Meta-learning with differentiable closed-form
    solvers", ICLR 2019; J. von Oswald et al., "Uncovering mesa-optimization
    algorithms in Transformers", 2023.
    """

    def initial_state(self, ops, n_episodes, label_size):  # noqa: D102 - inherited
        (values,) = super().initial_state(ops, n_episodes, label_size)
        identity = ops.eye(self._head_size, dtype="float32")
        return LeastSquaresStore(values, ops.zeros_like(values) + identity)

    def write(self, ops, store, keys, values, gates):
        """One step of recursive least squares: see the class.

        Parameters
        ----------
        store : LeastSquaresStore
            Of one layer.
        keys : array of shape (B, H, K)
        values : array of shape (B, H, V)
        gates : array of shape (B, H)
            softplus(gate) is n, the variance of the row's noise.

        Returns
        -------
        store : LeastSquaresStore
        """
        keys, values = ops.expand_dims(keys, 3), ops.expand_dims(values, 2)
        noise = ops.reshape(ops.softplus(gates) + LEAST_NOISE, (-1, self.n_heads, 1, 1))
        spread = ops.matmul(store.covariance, keys)  # P k, (B, H, K, 1)
        # Rounding must not make a variance negative.
        variance = ops.maximum(ops.sum(keys * spread, axis=2, keepdims=True), 0.0)
        gain = spread / (noise + variance)
        found = ops.sum(keys * store.values, axis=2, keepdims=True)
        return LeastSquaresStore(
            store.values + gain * (values - found),
            store.covariance - gain * ops.transpose(spread, (0, 1, 3, 2)),
        )
