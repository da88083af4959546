"""Fast weights that solve least squares exactly, however the rows come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skmeta.memory.fast_weights import Changes, FastWeights, transposed

# The least variance of a row's noise: bounds how sharply one row can shrink the covariance.
LEAST_NOISE = 1e-2
# The least variance that is left in a direction when the weight of all rows is halved.
LEAST_VARIANCE = 1e-5
# Rows after which the weight of all of them is halved: four times the longest tables of
# meta-training. What is known of thousands of rows is unlike anything that was met there.
CAPACITY = 512


class LeastSquaresStore(NamedTuple):
    """What a head remembers, in one layer or in all (then of shape (B, layers, ...)).

    values : (B, H, K, V), S: from a key to what was stored under it.
    covariance : (B, H, K, K), P = (I + sum_t k_t k_t^T / n_t)^-1.
    n_rows : (B,), how many rows it holds, halved when their weight is.
    """

    values: Any
    covariance: Any
    n_rows: Any


@dataclass(frozen=True)
class LeastSquares(FastWeights):
    """Layers of fast weight matrices, written by recursive least squares.

    Like :class:`FastWeights`, but a write goes all the way: after each row S is
    the ridge regression of all values on all keys so far,

        g_t = P k_t / (n_t + k_t^T P k_t),    S_t = S_{t-1} + g_t (v_t - S_{t-1}^T k_t)^T,
        P_t = P_{t-1} - g_t (P_{t-1} k_t)^T,

    with a learned variance n_t of a row's noise. Beside S^T q a token finds q^T P q, how little is
    known about its key: 1 before the first row, 0 when all is known. What S holds does not depend
    on the order in which keys, values and variances come. In the first layer that means
    the order of the rows; in the next ones a row's key depends on the rows before it.

    In the hands of an estimator it forgets: whenever it holds 512 rows, each counts for half from
    then on, P^-1 - I and P^-1 S being halved. So it never knows more than it was trained for.

    Parameters
    ----------
    n_units, n_layers, n_heads, expansion : int
        As for :class:`FastWeights`.

    Raises
    ------
    ValueError
        If a size is below 1 or the heads do not divide the units.

    References
    ----------
    L. Bertinetto et al., "Meta-learning with differentiable closed-form
    solvers", ICLR 2019; J. von Oswald et al., "Uncovering mesa-optimization
    algorithms in Transformers", 2023. q^T P q: C. E. Rasmussen and C. K. I.
    Williams, "Gaussian Processes for Machine Learning", 2006, eq. 2.9.

    Examples
    --------
    >>> from skmeta.engines import numpy_ops
    >>> from skmeta.memory import LeastSquares
    >>> state = LeastSquares().initial_state(numpy_ops, n_episodes=1, label_size=5)
    >>> state.values.shape == state.covariance.shape
    True
    """

    @property
    def _n_found(self):
        return self.n_units + self.n_heads

    def initial_state(self, ops, n_episodes, label_size):  # noqa: D102 - inherited
        (values,) = super().initial_state(ops, n_episodes, label_size)
        identity = ops.eye(self._head_size, dtype="float32")
        n_rows = ops.zeros((n_episodes, self.n_layers), dtype="float32")
        return LeastSquaresStore(values, ops.zeros_like(values) + identity, n_rows)

    def room(self, state):  # noqa: D102 - inherited
        return CAPACITY - int(state.n_rows.max())

    def relieved(self, state):  # noqa: D102 - inherited
        while self.room(state) <= 0:  # one that was given more rows than it had room for needs more
            state = self._halved(state)
        return state

    def _halved(self, state):
        """Return a state in which each row counts for half."""
        # With P = U diag(p) U^T, half the evidence has p' = 2 p / (1 + p), S' = (I + P)^-1 S.
        p, u = np.linalg.eigh(state.covariance.astype(np.float64))
        p = np.clip(p, LEAST_VARIANCE, 1.0)  # rounding would be doubled, too
        covariance = (u * (2 * p / (1 + p))[..., None, :]) @ np.swapaxes(u, -1, -2)
        values = (u / (1 + p)[..., None, :]) @ np.swapaxes(u, -1, -2) @ state.values
        return LeastSquaresStore(
            values.astype(np.float32), covariance.astype(np.float32), state.n_rows / 2
        )

    def changes(self, ops, store, keys, values, gates):
        """Return what rows write: one row, or many that come one after the other.

        With K and V their keys and values in rows, N the diagonal matrix of n = softplus(gate),
        and L the Cholesky factor of K P K^T + N, of which the first t rows know nothing of later
        ones,

            d = L^-1 K P,    z = L^-1 (V - K S).

        Parameters
        ----------
        store : LeastSquaresStore
            Of one layer.
        keys : array of shape (B, H, T, K)
        values : array of shape (B, H, T, V)
        gates : array of shape (B, H, T)

        Returns
        -------
        changes : Changes
        """
        noise = ops.expand_dims(ops.softplus(gates) + LEAST_NOISE, 3)
        spread = ops.matmul(keys, store.covariance)
        variance = ops.matmul(spread, transposed(ops, keys))
        factor = ops.cholesky(variance + noise * np.eye(keys.shape[2], dtype=np.float32))
        surprise = values - ops.matmul(keys, store.values)
        return Changes(
            ops.solve_triangular(factor, spread, lower=True),
            ops.solve_triangular(factor, surprise, lower=True),
        )

    def changed(self, ops, store, changes):
        """Return the store after the rows."""
        known = ops.matmul(transposed(ops, changes.directions), changes.directions)
        (values,) = super().changed(ops, store, changes)
        n_rows = store.n_rows + changes.steps.shape[2]
        return LeastSquaresStore(values, store.covariance - known, n_rows)

    def found(self, ops, store, queries, overlap, changes):
        """Return what queries find: S_{t-1}^T q and q^T P_{t-1} q.

        See :meth:`FastWeights.found`.
        """
        reads = super().found(ops, store, queries, overlap, changes)
        unknown = ops.sum(ops.matmul(queries, store.covariance) * queries, axis=3, keepdims=True)
        if changes is not None:
            unknown = unknown - ops.sum(ops.square(overlap), axis=3, keepdims=True)
        return ops.concatenate([reads, unknown], axis=3)
