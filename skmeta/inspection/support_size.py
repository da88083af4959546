"""SupportSizeDisplay: how good estimators are after few rows of a data set."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils import indexable
from sklearn.utils._indexing import _safe_indexing

from skmeta.inspection._axes import draw_curve, show_legend
from skmeta.training.evaluation import checked_sizes, mean_and_interval


class SupportSizeDisplay:
    """Score of an estimator after a number of rows of a data set.

    Estimators are measured on the same supports and queries if the other
    arguments are the same. Draw them into one picture with
    ``plot(ax=other.ax_)``, and compare the means of ``scores`` in pairs.

    Parameters
    ----------
    sizes : array-like of int, shape (n_sizes,)
        Numbers of support rows.
    scores : array-like of shape (n_draws, n_sizes)
        A score for each draw of a support.
    label : str, optional
        Name of the curve.
    score_name : str, default="Score of new rows"
        Name of the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
    band_ : matplotlib PolyCollection
        The 95 % interval of the mean, draws taken as independent.

    Raises
    ------
    ValueError
        If the arrays do not fit each other.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmeta.inspection import SupportSizeDisplay
    >>> display = SupportSizeDisplay.from_estimator(
    ...     LogisticRegression(max_iter=1000), *load_iris(return_X_y=True), [5, 30], n_draws=4
    ... )
    >>> display.scores.shape
    (4, 2)
    """

    def __init__(self, sizes, scores, *, label=None, score_name="Score of new rows"):
        self.sizes = np.asarray(sizes)
        self.scores = np.asarray(scores, dtype=float)
        self.label = label
        self.score_name = score_name
        if self.scores.ndim != 2 or self.sizes.shape != self.scores.shape[1:]:
            raise ValueError(
                "sizes must have shape (n_sizes,) and scores (n_draws, n_sizes), "
                f"got {self.sizes.shape} and {self.scores.shape}."
            )

    @classmethod
    def from_estimator(
        cls, estimator, X, y, sizes, *, n_draws=20, n_queries=200, scoring=None, seed=0, label=None
    ):
        """Measure an estimator: a clone is fitted to each support.

        Parameters
        ----------
        estimator : classifier or regressor
            Is cloned, and need not be fitted.
        X : array-like or DataFrame of shape (n_rows, n_features)
        y : array-like of shape (n_rows,)
        sizes : sequence of int
            Numbers of support rows. A classifier's supports are stratified where support
            and rest have a row for each class.
        n_draws : int, default=20
            Supports of each size.
        n_queries : int, default=200
            Most rows, of those that are left, to score each on.
        scoring : str or callable, default=None
            As in :func:`sklearn.model_selection.cross_val_score`.
        seed : int, default=0
            Names the draws.
        label : str, optional
            Name of the curve; by default that of the estimator's class.

        Returns
        -------
        display : SupportSizeDisplay

        Raises
        ------
        ValueError
            If sizes are no integers, there are too few rows, or the estimator cannot fit so few.
        """
        X, y = indexable(X, y)
        sizes = checked_sizes("sizes", sizes)
        labels, scorer = np.asarray(y), check_scoring(estimator, scoring)
        strata = np.unique(labels, return_counts=True)[1] if is_classifier(estimator) else [0]
        scores = np.empty((n_draws, len(sizes)))
        for draw in range(n_draws):
            for column, size in enumerate(sizes):
                support, queries = train_test_split(
                    np.arange(len(labels)),
                    train_size=int(size),
                    random_state=np.random.RandomState([seed, draw, column]),
                    stratify=labels
                    if min(strata) > 1 and len(strata) <= min(size, len(labels) - size)
                    else None,
                )
                queries = queries[:n_queries]
                fitted = clone(estimator).fit(_safe_indexing(X, support), labels[support])
                scores[draw, column] = scorer(fitted, _safe_indexing(X, queries), labels[queries])
        name = scoring if isinstance(scoring, str) else "Score"
        return cls(
            sizes,
            scores,
            label=label or type(estimator).__name__,
            score_name=f"{name.replace('_', ' ').capitalize()} of new rows",
        )

    def plot(self, ax=None, **line_kwargs):
        """Draw the mean score and its 95 % interval, the number of rows on a logarithmic axis.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        **line_kwargs
            Passed to ``Axes.plot`` for the curve.

        Returns
        -------
        self : SupportSizeDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        mean, interval = mean_and_interval(self.scores)
        band = mean - interval, mean + interval
        ax = draw_curve(self, ax, self.sizes, mean, band, **line_kwargs)
        ax.set_xscale("log")
        ax.set_xticks(self.sizes, [str(size) for size in self.sizes])
        ax.set_xticks([], minor=True)
        ax.set(xlabel="Rows read", ylabel=self.score_name)
        show_legend(ax)
        return self
