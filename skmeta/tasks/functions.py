"""Random functions to learn from examples: Boolean, semi-linear, quadratic and sine.

Axes: n functions, P points of one function, D inputs. B episodes and T steps as
everywhere: an episode is one function seen at T points.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.tasks._base import TaskFamily, check_size

# Quadratics: six coefficients with mean 0 and variance 1/3, on x1^2, x2^2, x1 x2, x1, x2 and 1.
# x uniform on [-1, 1] has E x^2 = 1/3 and E x^4 = 1/5, so
# Var y = (1/5 + 1/5 + 1/9 + 1/3 + 1/3 + 1) / 3 = 98/135 = 0.852^2.
QUADRATIC_STD = float(np.sqrt(98 / 135))

AMPLITUDE_RANGE = (0.1, 5.0)
PHASE_RANGE = (0.0, np.pi)
SINE_INPUT_RANGE = (-5.0, 5.0)


def evaluation_generator(n_problems: int, n_support: int, n_queries: int, *, seed: int):
    """Check the sizes and return a generator that no batch of any stream uses.

    Parameters
    ----------
    n_problems, n_support, n_queries : int
        Sizes of the problems to draw, each at least 1.
    seed : int
        Name of the problems, from 0.

    Returns
    -------
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If a size is below 1 or the seed is negative.
    """
    if min(n_problems, n_support, n_queries) < 1 or seed < 0:
        raise ValueError(
            "n_problems, n_support and n_queries must be at least 1 and seed at least 0, "
            f"got {n_problems}, {n_support}, {n_queries} and {seed}."
        )
    # Without the spawn key, [seed] would be padded to [seed, 0]: batch 0 of the training stream.
    return np.random.default_rng(np.random.SeedSequence([seed], spawn_key=(1,)))


class FunctionFamily(TaskFamily):
    """Regression episodes, each a random function given by a few coefficients.

    A subclass says how coefficients and inputs are drawn and what a function
    answers; episodes and evaluation problems follow. Targets have no noise.

    Parameters
    ----------
    n_inputs : int
        Arguments D of a function.
    n_steps : int
        Steps T of an episode.

    Raises
    ------
    ValueError
        If a size is below 1.
    """

    def __init__(self, n_inputs: int, n_steps: int):
        self.spec = TaskSpec("regression", input_shape=(n_inputs,), n_outputs=1)
        self.n_inputs = n_inputs
        self.n_steps = check_size("n_steps", n_steps)

    @abstractmethod
    def draw_functions(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Draw functions.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        n : int
            How many functions.

        Returns
        -------
        coefficients : ndarray of shape (n, n_coefficients)
        """

    @abstractmethod
    def evaluate(self, coefficients: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Evaluate every function at points of its own.

        Parameters
        ----------
        coefficients : ndarray of shape (n, n_coefficients)
            What :meth:`draw_functions` returned.
        X : ndarray of shape (n, P, D)
            The points.

        Returns
        -------
        y : ndarray of shape (n, P)
        """

    def draw_inputs(self, rng: np.random.Generator, n: int, n_points: int) -> np.ndarray:
        """Draw points: uniform on [-1, 1] in each input, unless a subclass says otherwise.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        n : int
            How many functions.
        n_points : int
            Points P of each function.

        Returns
        -------
        X : ndarray of shape (n, P, D)
        """
        return rng.uniform(-1.0, 1.0, size=(n, n_points, self.n_inputs))

    def draw(self, rng: np.random.Generator, n_episodes: int) -> EpisodeBatch:
        """Draw one function an episode and T points of each.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        n_episodes : int
            B, at least 1.

        Returns
        -------
        batch : EpisodeBatch
            Without an oracle.
        """
        coefficients = self.draw_functions(rng, n_episodes)
        X = self.draw_inputs(rng, n_episodes, self.n_steps)
        y = self.evaluate(coefficients, X)
        return EpisodeBatch(X.astype(np.float32), y[..., None].astype(np.float32))

    def evaluation_problems(self, n_problems: int, n_support: int, n_queries: int, *, seed: int):
        """Return problems to compare learners on: examples, and queries with true values.

        For one seed, one number of problems and one number of queries, the
        functions and queries are the same whatever ``n_support``, and a smaller
        support is the beginning of a larger one: learning curves compare like with like.

        Parameters
        ----------
        n_problems : int
            Functions n.
        n_support : int
            Examples S of each function.
        n_queries : int
            Queries Q of each function.
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
        coefficients = self.draw_functions(rng, n_problems)
        X_query = self.draw_inputs(rng, n_problems, n_queries)
        # Examples outermost, so that asking for more of them changes none of the first.
        X_support = self.draw_inputs(rng, n_support, n_problems).swapaxes(0, 1)
        y_support, y_query = (self.evaluate(coefficients, X) for X in (X_support, X_query))
        return X_support, y_support, X_query, y_query


class SemilinearTasks(FunctionFamily):
    """Semi-linear functions: half of one plus the tanh of a random linear function.

    ``y = (1 + tanh(w . x + b)) / 2`` with weights, bias and inputs uniform on [-1, 1].

    Parameters
    ----------
    n_inputs : int, default=2
        Inputs D.
    n_steps : int, default=50
        Steps T of an episode.

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Hochreiter, Younger and Conwell. Learning to learn using gradient descent. ICANN 2001.

    Examples
    --------
    >>> from skmeta.tasks import SemilinearTasks
    >>> SemilinearTasks(n_inputs=3).batch(0, 16, seed=0).inputs.shape
    (16, 50, 3)
    """

    def __init__(self, n_inputs: int = 2, n_steps: int = 50):
        super().__init__(n_inputs, n_steps)

    def draw_functions(self, rng, n):
        """Draw weights and bias, shape (n, D + 1), the bias last."""
        return rng.uniform(-1.0, 1.0, size=(n, self.n_inputs + 1))

    def evaluate(self, coefficients, X):
        """Return ``(1 + tanh(w x + b)) / 2``, shape (n, P)."""
        weights, bias = coefficients[:, :-1], coefficients[:, -1:]
        return 0.5 * (1.0 + np.tanh(np.einsum("npd,nd->np", X, weights) + bias))


class QuadraticTasks(FunctionFamily):
    """Quadratic functions of two inputs, scaled to unit variance.

    ``y = (a x1^2 + b x2^2 + c x1 x2 + d x1 + e x2 + f) / 0.852`` with coefficients
    and inputs uniform on [-1, 1]. Mean 0 and variance 1 over the family.

    Parameters
    ----------
    n_steps : int, default=50
        Steps T of an episode.

    Raises
    ------
    ValueError
        If there is no step.

    References
    ----------
    Hochreiter, Younger and Conwell. Learning to learn using gradient descent. ICANN 2001.

    Examples
    --------
    >>> from skmeta.tasks import QuadraticTasks
    >>> batch = QuadraticTasks(n_steps=35).batch(0, 16, seed=0)
    >>> batch.inputs.shape, batch.targets.shape
    ((16, 35, 2), (16, 35, 1))
    """

    def __init__(self, n_steps: int = 50):
        super().__init__(n_inputs=2, n_steps=n_steps)

    def draw_functions(self, rng, n):
        """Draw a, b, c, d, e and f, shape (n, 6)."""
        return rng.uniform(-1.0, 1.0, size=(n, 6))

    def evaluate(self, coefficients, X):
        """Return the scaled quadratics, shape (n, P)."""
        x1, x2 = X[..., 0], X[..., 1]
        monomials = np.stack([x1**2, x2**2, x1 * x2, x1, x2, np.ones_like(x1)], axis=-1)
        return np.einsum("npm,nm->np", monomials, coefficients) / QUADRATIC_STD


class SineTasks(FunctionFamily):
    """Sine waves of random amplitude and phase.

    ``y = A sin(x - phase)`` with A uniform on [0.1, 5], the phase uniform on
    [0, pi] and x uniform on [-5, 5]. Rows and targets are raw, so that errors
    compare with published ones: whoever trains on them scales them.

    Parameters
    ----------
    n_steps : int, default=50
        Steps T of an episode.

    Raises
    ------
    ValueError
        If there is no step.

    References
    ----------
    Finn, Abbeel and Levine. Model-agnostic meta-learning for fast adaptation of deep
    networks. ICML 2017.

    Examples
    --------
    >>> from skmeta.tasks import SineTasks
    >>> SineTasks(n_steps=10).batch(0, 16, seed=0).targets.shape
    (16, 10, 1)
    """

    def __init__(self, n_steps: int = 50):
        super().__init__(n_inputs=1, n_steps=n_steps)

    def draw_functions(self, rng, n):
        """Draw amplitudes and phases, shape (n, 2)."""
        lows, highs = zip(AMPLITUDE_RANGE, PHASE_RANGE, strict=True)
        return rng.uniform(lows, highs, size=(n, 2))

    def evaluate(self, coefficients, X):
        """Return ``A sin(x - phase)``, shape (n, P)."""
        amplitude, phase = coefficients[:, :1], coefficients[:, 1:]
        return amplitude * np.sin(X[..., 0] - phase)

    def draw_inputs(self, rng, n, n_points):
        """Draw points uniform on [-5, 5], shape (n, P, 1)."""
        return rng.uniform(*SINE_INPUT_RANGE, size=(n, n_points, 1))


class BooleanTasks(TaskFamily):
    """The 16 Boolean functions of two inputs, one of them an episode.

    Inputs are -1 (false) or +1 (true), each of the four rows equally likely at
    every step; targets are class 0 (false) or 1 (true).

    Parameters
    ----------
    n_steps : int, default=20
        Steps T of an episode.

    Raises
    ------
    ValueError
        If there is no step.

    References
    ----------
    Hochreiter, Younger and Conwell. Learning to learn using gradient descent. ICANN 2001.

    Examples
    --------
    >>> from skmeta.tasks import BooleanTasks
    >>> BooleanTasks(n_steps=4).batch(0, 1, seed=0).inputs.shape
    (1, 4, 2)
    """

    def __init__(self, n_steps: int = 20):
        self.spec = TaskSpec("classification", input_shape=(2,), n_outputs=2)
        self.n_steps = check_size("n_steps", n_steps)

    def draw(self, rng: np.random.Generator, n_episodes: int) -> EpisodeBatch:
        """Draw one function an episode and T rows of its truth table.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        n_episodes : int
            B, at least 1.

        Returns
        -------
        batch : EpisodeBatch
            With the exact oracle: the probability of the target under the
            functions that agree with the rows so far, all 16 equally likely at first.
        """
        # Bit r of a function's number (0 to 15) is its answer at row r = 2 [x1 true] + [x2 true].
        numbers = rng.integers(16, size=(n_episodes, 1))
        rows = rng.integers(4, size=(n_episodes, self.n_steps))
        bits = np.stack([rows >> 1, rows & 1], axis=-1)
        return EpisodeBatch(
            inputs=(2 * bits - 1).astype(np.float32),
            targets=(numbers >> rows) & 1,
            oracle=np.where(_first_visits(rows), -np.log(2.0), 0.0).astype(np.float32),
        )


def _first_visits(rows: np.ndarray) -> np.ndarray:
    """Return where a row of the truth table, (B, T), appears for the first time.

    That is all the oracle needs. Every truth table is in the family, so answers at
    different rows are independent: half of the functions that agree with the past
    are true at a new row, and all of them agree at a row seen before.
    """
    visits = rows[..., None] == np.arange(4)  # (B, T, 4)
    return (visits & (np.cumsum(visits, axis=1) == 1)).any(axis=-1)
