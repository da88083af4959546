"""Functions drawn from a Gaussian process, whose best learner is known exactly.

Axes: n functions, P points of one function, D inputs, S examples, Q queries.
"""

from __future__ import annotations

import numpy as np

from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.tasks._base import TaskFamily, check_size
from skmeta.tasks.functions import evaluation_generator

INPUT_RANGE = (-2.0, 2.0)
MAX_INPUTS = 3

# Added to the variance of values without noise, whose covariance is singular in floating point.
JITTER = 1e-8
MIN_NOISE = float(np.sqrt(JITTER))


class GaussianProcessTasks(TaskFamily):
    """Regression episodes from a Gaussian process with an RBF kernel.

    Functions have mean 0 and covariance ``exp(-|x - x'|^2 / (2 length_scale^2))``;
    inputs are uniform on [-2, 2] in each of the D dimensions; every target has
    Gaussian noise. The hyper-parameters are the same in all episodes, so that
    Gaussian process regression with the same ones is the best possible learner.

    Parameters
    ----------
    n_inputs : int, default=1
        Inputs D, 1 to 3.
    n_steps : int, default=50
        Steps T of an episode.
    length_scale : float, default=1.0
        Length scale of the kernel.
    noise : float, default=0.1
        Standard deviation of the noise, at least 1e-4. The functions have 1.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Santoro, Bartunov, Botvinick, Wierstra and Lillicrap. One-shot learning with
    memory-augmented neural networks. arXiv 1605.06065, 2016.

    Rasmussen and Williams. Gaussian processes for machine learning. MIT Press, 2006.

    Examples
    --------
    >>> from skmeta.tasks import GaussianProcessTasks
    >>> batch = GaussianProcessTasks(n_steps=10).batch(0, 16, seed=0)
    >>> batch.oracle.shape  # log-likelihood of the exact process
    (16, 10)
    """

    def __init__(
        self,
        n_inputs: int = 1,
        n_steps: int = 50,
        length_scale: float = 1.0,
        noise: float = 0.1,
    ):
        if not 1 <= n_inputs <= MAX_INPUTS:
            raise ValueError(f"n_inputs must be 1 to {MAX_INPUTS}, got {n_inputs}.")
        if not 0 < length_scale < np.inf:
            raise ValueError(f"length_scale must be positive and finite, got {length_scale}.")
        if not MIN_NOISE <= noise < np.inf:
            raise ValueError(f"noise must be finite and at least {MIN_NOISE:g}, got {noise}.")
        self.spec = TaskSpec("regression", input_shape=(n_inputs,), n_outputs=1)
        self.n_inputs = n_inputs
        self.n_steps = check_size("n_steps", n_steps)
        self.length_scale = length_scale
        self.noise = noise

    def draw(self, rng: np.random.Generator, n_episodes: int) -> EpisodeBatch:
        """Draw one function an episode and T noisy values of each.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        n_episodes : int
            B, at least 1.

        Returns
        -------
        batch : EpisodeBatch
            With the exact oracle: the log-density of each target given the rows before it.
        """
        X = rng.uniform(*INPUT_RANGE, size=(n_episodes, self.n_steps, self.n_inputs))
        z = rng.standard_normal((n_episodes, self.n_steps))
        # y = L z, L lower triangular: given y_1 .. y_{t-1}, that is z_1 .. z_{t-1}, the target y_t
        # is Gaussian with standard deviation L_tt and lies z_t of them from its mean.
        L = self._cholesky(X, self.noise**2)
        y = np.einsum("bts,bs->bt", L, z)
        std = np.diagonal(L, axis1=1, axis2=2)
        oracle = -0.5 * z**2 - np.log(std) - 0.5 * np.log(2 * np.pi)
        return EpisodeBatch(
            X.astype(np.float32), y[..., None].astype(np.float32), oracle.astype(np.float32)
        )

    def evaluation_problems(self, n_problems: int, n_support: int, n_queries: int, *, seed: int):
        """Return problems to compare learners on: noisy examples, and queries without noise.

        For one seed, one number of problems and one number of queries, the
        functions and queries are the same whatever ``n_support``, and a smaller
        support is the beginning of a larger one: learning curves compare like with like.

        Parameters
        ----------
        n_problems : int
            Functions n.
        n_support : int
            Examples S of each function, with noise as in :meth:`draw`.
        n_queries : int
            Queries Q of each function, with the values of the function itself.
        seed : int
            Name of the problems, from 0. They meet no training stream, of this seed or another.

        Returns
        -------
        X_support : ndarray of shape (n, S, D)
        y_support : ndarray of shape (n, S)
        X_query : ndarray of shape (n, Q, D)
        y_query : ndarray of shape (n, Q)

        Raises
        ------
        ValueError
            If a size is below 1 or the seed is negative.
        """
        rng = evaluation_generator(n_problems, n_support, n_queries, seed=seed)
        # Points outermost and queries first, so that asking for more examples changes nothing drawn
        # before them: row t of L depends on the points 1 .. t only.
        inputs_rng, values_rng = rng.spawn(2)
        points = n_queries + n_support, n_problems
        X = inputs_rng.uniform(*INPUT_RANGE, size=(*points, self.n_inputs)).swapaxes(0, 1)
        z, noise = values_rng.standard_normal((*points, 2)).T  # each (n, Q + S)
        y = np.einsum("nts,ns->nt", self._cholesky(X, JITTER), z)
        query, support = np.s_[:, :n_queries], np.s_[:, n_queries:]
        y_support = y[support] + self.noise * noise[support]
        return X[support], y_support, X[query], y[query]

    def oracle_predict(self, X_support: np.ndarray, y_support: np.ndarray, X_query: np.ndarray):
        """Return the exact posterior of each function at its queries.

        Parameters
        ----------
        X_support : ndarray of shape (n, S, D)
            Rows of the examples.
        y_support : ndarray of shape (n, S)
            Their noisy targets.
        X_query : ndarray of shape (n, Q, D)
            Rows to answer.

        Returns
        -------
        mean : ndarray of shape (n, Q)
        std : ndarray of shape (n, Q)
            Of the function itself: a noisy target has ``sqrt(std**2 + noise**2)``.

        Raises
        ------
        ValueError
            If the arrays disagree on problems, examples or inputs.
        """
        X_support, y_support, X_query = map(np.asarray, (X_support, y_support, X_query))
        shapes = X_support.shape, y_support.shape, X_query.shape
        n_and_D = X_query.shape[::2]
        if [len(s) for s in shapes] != [3, 2, 3] or not (
            X_support.shape[:2] == y_support.shape
            and X_support.shape[::2] == n_and_D
            and n_and_D[1] == self.n_inputs
        ):
            raise ValueError(
                f"Expected X_support (n, S, {self.n_inputs}), y_support (n, S) and "
                f"X_query (n, Q, {self.n_inputs}), got {shapes[0]}, {shapes[1]} and {shapes[2]}."
            )
        # Rasmussen and Williams 2006, algorithm 2.1, for n functions at once.
        L = self._cholesky(X_support, self.noise**2)
        whitened_kernel = np.linalg.solve(L, self._kernel(X_support, X_query))  # (n, S, Q)
        whitened_targets = np.linalg.solve(L, y_support[..., None])  # (n, S, 1)
        mean = (whitened_kernel * whitened_targets).sum(axis=1)
        variance = 1.0 - (whitened_kernel**2).sum(axis=1)
        return mean, np.sqrt(np.maximum(variance, 0.0))

    def _kernel(self, X1: np.ndarray, X2: np.ndarray) -> np.ndarray:
        """Return the covariances of function values at (n, P1, D) and (n, P2, D)."""
        # One input at a time: all at once would take D times the memory.
        differences = (X1[:, :, None, d] - X2[:, None, :, d] for d in range(self.n_inputs))
        squared_distance = sum(difference**2 for difference in differences)
        return np.exp(-0.5 * squared_distance / self.length_scale**2)

    def _cholesky(self, X: np.ndarray, variance: float) -> np.ndarray:
        """Return L with L L^T = kernel + variance I, shape (n, P, P)."""
        return np.linalg.cholesky(self._kernel(X, X) + variance * np.eye(X.shape[1]))
