"""ShotErrorDisplay: how the error falls with the number of examples."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from skmeta.artifacts import load_learner
from skmeta.inspection._axes import draw_curve, show_legend
from skmeta.training.evaluation import (
    checked_sizes,
    error_by_shots,
    mean_and_interval,
    regression_problems,
)


class ShotErrorDisplay:
    """Mean squared error of queries after 1, 2, ... examples of a function.

    A learner, any scikit-learn regressor and the oracle are measured on the
    same functions, examples and queries if the other arguments are the same.
    Draw them into one picture with ``plot(ax=other.ax_)``.

    Parameters
    ----------
    shots : array-like of int, shape (n_points,)
        Numbers of examples.
    error : array-like of shape (n_points,)
        Mean squared error.
    interval : array-like of shape (n_points,), optional
        Half width of the 95 % interval.
    label : str, optional
        Name of the curve.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
    band_ : matplotlib PolyCollection or None
        The 95 % interval.

    Raises
    ------
    ValueError
        If the arrays differ in length.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from skmeta.inspection import ShotErrorDisplay
    >>> from skmeta.tasks import QuadraticTasks
    >>> knn = ShotErrorDisplay.from_estimator(
    ...     KNeighborsRegressor(1), QuadraticTasks(), [1, 30], n_tasks=20, n_queries=10
    ... )
    >>> bool(knn.error[1] < knn.error[0])
    True
    """

    def __init__(self, shots, error, interval=None, *, label=None):
        self.shots = np.asarray(shots)
        self.error = np.asarray(error, dtype=float)
        self.interval = None if interval is None else np.asarray(interval, dtype=float)
        self.label = label
        shapes = [a.shape for a in (self.shots, self.error, self.interval) if a is not None]
        if len(set(shapes)) != 1:
            raise ValueError(f"shots, error and interval must have one shape, got {shapes}.")

    @classmethod
    def from_learner(
        cls, learner, family, shots, *, n_tasks=200, n_queries=200, seed=0, label=None
    ):
        """Measure a learner.

        Parameters
        ----------
        learner : str, path-like or Learner
            Name of a shipped learner, path of a file, or a learner.
        family : TaskFamily
            Regression tasks like those the learner was trained on.
        shots : sequence of int
            Numbers of examples, each at least 1.
        n_tasks, n_queries : int, default=200
            Functions, and queries of each.
        seed : int, default=0
            Names the functions.
        label : str, optional
            Name of the curve; by default that of the learner.

        Returns
        -------
        display : ShotErrorDisplay

        Raises
        ------
        ArtifactError
            If the learner cannot be loaded.
        ValueError
            If the tasks are not like the learner's, draw no evaluation
            problems, or a number of examples is below 1.
        """
        loaded = load_learner(learner)
        shots = checked_sizes("shots", shots)
        result = error_by_shots(
            loaded, family, shots, n_tasks=n_tasks, n_queries=n_queries, seed=seed
        )
        return cls(*result, label=label or loaded.name)

    @classmethod
    def from_estimator(
        cls, estimator, family, shots, *, n_tasks=200, n_queries=200, seed=0, label=None
    ):
        """Measure a scikit-learn regressor: a clone is fitted for each function and number.

        Parameters
        ----------
        estimator : regressor
            Is cloned, need not be fitted, and must fit that few examples.
        family : TaskFamily
            Regression tasks.
        shots : sequence of int
            Numbers of examples, each at least 1.
        n_tasks, n_queries : int, default=200
            Functions, and queries of each.
        seed : int, default=0
            Names the functions.
        label : str, optional
            Name of the curve; by default that of the estimator's class.

        Returns
        -------
        display : ShotErrorDisplay

        Raises
        ------
        ValueError
            If the tasks draw no evaluation problems, a number of examples is
            below 1, or the estimator cannot fit so few.
        """

        def predict(X, y, X_query):
            fits = zip(X, y, X_query, strict=True)
            return np.stack([clone(estimator).fit(*a, b).predict(q) for *a, b, q in fits])

        problems = family, shots, n_tasks, n_queries, seed
        return cls(*_errors(predict, *problems), label=label or type(estimator).__name__)

    @classmethod
    def from_oracle(cls, family, shots, *, n_tasks=200, n_queries=200, seed=0, label="oracle"):
        """Measure the best possible answers, where the family knows them.

        Parameters
        ----------
        family : TaskFamily
            Regression tasks with ``oracle_predict``.
        shots : sequence of int
            Numbers of examples, each at least 1.
        n_tasks, n_queries : int, default=200
            Functions, and queries of each.
        seed : int, default=0
            Names the functions.
        label : str, default="oracle"
            Name of the curve.

        Returns
        -------
        display : ShotErrorDisplay

        Raises
        ------
        ValueError
            If the family has no oracle or a number of examples is below 1.
        """
        if not hasattr(family, "oracle_predict"):
            raise ValueError(
                f"{type(family).__name__} knows no oracle; GaussianProcessTasks does. "
                "from_estimator draws a baseline on any regression tasks."
            )

        def predict(X, y, X_query):
            return family.oracle_predict(X, y, X_query)[0]

        return cls(*_errors(predict, family, shots, n_tasks, n_queries, seed), label=label)

    def plot(self, ax=None, **line_kwargs):
        """Draw the curve on a logarithmic axis, and its 95 % interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **line_kwargs
            Passed to ``Axes.plot`` for the curve.

        Returns
        -------
        self : ShotErrorDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        band = None
        if self.interval is not None:
            # The interval of log(error), by the delta method: it cannot reach below zero.
            ratio = np.exp(self.interval / np.maximum(self.error, np.finfo(float).tiny))
            band = self.error / ratio, self.error * ratio
        ax = draw_curve(self, ax, self.shots, self.error, band, **line_kwargs)
        ax.set(yscale="log", xlabel="Examples read", ylabel="Mean squared error of new rows")
        show_legend(ax)
        return self


def _errors(predict, family, shots, n_tasks, n_queries, seed):
    """Shots, mean squared error and its interval, of ``predict(X, y, X_query)`` for all tasks."""
    shots = checked_sizes("shots", shots)
    X, y, X_query, y_query = regression_problems(family, n_tasks, int(shots[-1]), n_queries, seed)
    answers = (predict(X[:, :n], y[:, :n], X_query) for n in shots)
    errors = [((answer - y_query) ** 2).mean(axis=1) for answer in answers]
    return shots, *mean_and_interval(np.stack(errors, axis=1))
