"""Synthetic tables: the prior that a learner for any table is meta-trained on."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from skmeta.columns import (
    LEAST_SUPPORT,
    ColumnStatistics,
    choose_flags,
    column_statistics,
    may_be_codes,
    support_statistics,
    table_rows,
    table_targets,
    varying,
    with_flags,
)
from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.relevance import column_weights
from skmeta.tasks._base import TaskFamily, check_size
from skmeta.tasks.table_functions import INGREDIENTS, Ingredient, log_uniform

# Widths are drawn from here on and rounded down: one column alone is rare.
LEAST_WIDTH = 1.6


class TableFamily(TaskFamily):
    """Tables whose columns, and real targets, are scaled by their first rows.

    An estimator scales them by its support. Meta-training does not know how large
    that will be: it scales each table by a number of first rows drawn anew, and
    counts the answers to the rows after them.

    Attributes
    ----------
    n_support : int or None
        Rows that scale every table; None draws them, few as likely as many.
    """

    n_support: int | None = None

    def scaled_by(self, n_support: int) -> TableFamily:
        """Return these tables, scaled by their first n_support rows.

        Parameters
        ----------
        n_support : int
            1 to ``n_steps``.

        Returns
        -------
        family : TableFamily
            It draws other tables than this one.

        Raises
        ------
        ValueError
            If there are fewer rows.
        """
        if not 1 <= n_support <= self.n_steps:
            raise ValueError(f"n_support must lie in 1..{self.n_steps}, got {n_support}.")
        family = copy.copy(self)
        family.n_support = n_support
        return family

    def draw_support(self, rng, n_episodes) -> np.ndarray:
        """Return how many first rows scale each table, shape (B,)."""
        if self.n_support is not None:
            return np.full(n_episodes, self.n_support)
        return log_uniform(rng, min(LEAST_SUPPORT, self.n_steps), self.n_steps, n_episodes)

    def rows_of(
        self, X: np.ndarray, targets: np.ndarray, n_support: int, n_columns: int | None = None
    ) -> np.ndarray:
        """Write a table as a network reads it, by its first rows.

        Parameters
        ----------
        X : ndarray of shape (T, d)
            NaN where a cell is missing.
        targets : ndarray of shape (T,) or (T, 1)
            Classes, or real numbers.
        n_support : int
            Rows that measure the columns.
        n_columns : int, optional
            Columns that vary in these rows, one with flags counted once; by default those of X.

        Returns
        -------
        rows : ndarray of shape (T, 2 * places), float32
        """
        statistics = support_statistics(X[:n_support])
        columns = varying(statistics)
        X, statistics = X[:, columns], statistics.of(columns)
        weights = None
        if self.spec.weighted:
            told = targets[:n_support].ravel()
            weights = column_weights(X[:n_support], statistics, told, n_columns or len(columns))
        return table_rows(X, statistics, self.spec.n_columns, weights)

    def weights_after(self, n_support: np.ndarray) -> np.ndarray:
        """Return weights that count the answers after the rows that scale a table, (B, T)."""
        counted = np.arange(self.n_steps) >= n_support[:, None]
        counted[:, -1] = True  # a table without such rows counts its last one
        return (counted / counted.mean()).astype(np.float32)


class TableTasks(TableFamily):
    """Classification or regression of rows of a table that nobody has seen.

    A table is drawn from one of the ingredients, with irrelevant columns,
    categories, skew and heavy tails, label noise, uneven classes and
    missing cells. Half of the tables show whole numbers as flags, however far
    apart they are; later rows may have levels of which none is up. Columns, and
    targets of a regression, are scaled by a random number of first rows, and columns
    weighted by them, as an estimator does by its support.

    Parameters
    ----------
    kind : {"classification", "regression"}, default="classification"
    n_steps : int, default=100
        Rows T of a table.
    n_columns : int, default=20
        Most columns of a table.
    n_classes : int, default=10
        Most classes of a table. A table has fewer, under labels dealt anew.
    weighted : bool, default=True
        Whether rows tell how much each column matters
        (:func:`skmeta.relevance.column_weights`).
    ingredients : sequence of Ingredient, optional
        Equally likely ways to make a table; all by default.

    Raises
    ------
    ValueError
        If a size is out of range or the kind unknown.

    References
    ----------
    N. Hollmann et al., "TabPFN: A Transformer That Solves Small Tabular
    Classification Problems in a Second", ICLR 2023, section 4.

    Examples
    --------
    >>> from skmeta.tasks import TableTasks
    >>> batch = TableTasks(n_steps=50, n_columns=6, n_classes=3).batch(0, 16, seed=0)
    >>> batch.inputs.shape[:2], int(batch.targets.max())
    ((16, 50), 2)
    """

    def __init__(
        self,
        kind: str = "classification",
        *,
        n_steps: int = 100,
        n_columns: int = 20,
        n_classes: int = 10,
        weighted: bool = True,
        ingredients: Sequence[Ingredient] = INGREDIENTS,
    ):
        if not ingredients:
            raise ValueError("There must be an ingredient, got none.")
        n_columns = check_size("n_columns", n_columns)
        n_classes = check_size("n_classes", n_classes, 2)
        n_outputs = n_classes if kind == "classification" else 1
        self.spec = TaskSpec(kind, (2 * n_columns,), n_outputs, table=True, weighted=weighted)
        self.n_steps = check_size("n_steps", n_steps)
        self.n_columns = n_columns
        self.ingredients = tuple(ingredients)

    def draw(self, rng, n_episodes) -> EpisodeBatch:
        """Draw tables: see :class:`TaskFamily`."""
        width = log_uniform(rng, LEAST_WIDTH, self.n_columns, n_episodes)
        there = np.arange(self.n_columns) < width[:, None]
        # In two of five tables all columns matter, in others down to one in twenty.
        relevant = there & (rng.random(there.shape) < rng.uniform(0.05, 1.6, (n_episodes, 1)))
        relevant[~relevant.any(axis=1), 0] = True
        n_support = self.draw_support(rng, n_episodes)
        support = np.arange(self.n_steps) < n_support[:, None]

        cells = np.empty((n_episodes, self.n_steps, self.n_columns))
        scores = np.empty((n_episodes, self.n_steps, self.spec.n_outputs))
        n_used = np.ones(n_episodes, dtype=int)
        if self.spec.kind == "classification":
            n_used = class_counts(rng, n_episodes, self.spec.n_outputs)
        made_by = rng.integers(len(self.ingredients), size=n_episodes)
        for number, ingredient in enumerate(self.ingredients):
            chosen = made_by == number
            if chosen.any():
                cells[chosen], scores[chosen] = ingredient.draw(
                    rng, relevant[chosen], self.n_steps, self.spec.n_outputs, n_used[chosen]
                )
        cells[_missing(rng, cells.shape)] = np.nan
        in_flags = rng.random(n_episodes) < 0.5
        if self.spec.kind == "classification":
            targets = classes_of_scores(rng, scores, n_used)
        else:
            targets = _targets(rng, scores[..., 0], support)
        rows = np.zeros((n_episodes, self.n_steps, 2 * self.n_columns), dtype=np.float32)
        for episode, n in enumerate(width):
            table, n_first, n_varying = cells[episode, :, :n], n_support[episode], None
            if in_flags[episode]:
                n_varying = len(varying(column_statistics(table[:n_first])))
                support = table[:n_first]
                whole = np.flatnonzero(may_be_codes(support)).tolist()
                flags, _ = choose_flags(support, whole, self.n_columns - n)
                table = with_flags(table, flags)
            rows[episode] = self.rows_of(table, targets[episode], n_first, n_varying)
        return EpisodeBatch(rows, targets, weights=self.weights_after(n_support))


def class_counts(rng, n: int, most: int) -> np.ndarray:
    """Draw numbers of classes: 2 for half of the tables; for others 2 or more, on a log scale.

    Parameters
    ----------
    rng : numpy.random.Generator
    n, most : int
        Tables, and most classes of one.

    Returns
    -------
    counts : ndarray of int, shape (n,)
        2 to ``most``.
    """
    more = log_uniform(rng, 2, most, n)
    return np.where(rng.random(n) < 0.5, 2, more)


def classes_of_scores(rng, scores: np.ndarray, n_classes: np.ndarray) -> np.ndarray:
    """Turn scores into classes with noise, uneven classes, and labels dealt anew.

    Half of the tables take the class of the highest score, half cut one score
    into intervals.

    Parameters
    ----------
    rng : numpy.random.Generator
    scores : ndarray of shape (n, T, C)
    n_classes : ndarray of int, shape (n,)
        Classes of each table.

    Returns
    -------
    classes : ndarray of int, shape (n, T)
        Below C.
    """
    n, n_rows, most = scores.shape
    n_classes = n_classes[:, None]
    allowed = np.arange(most) < n_classes
    noise = np.exp(rng.uniform(np.log(0.001), np.log(0.5), size=(n, 1, 1)))
    scores = scores + noise * rng.gumbel(size=scores.shape)

    offset = rng.uniform(0, 1, size=(n, 1)) * rng.normal(size=(n, most))
    highest = np.where(allowed[:, None], scores + offset[:, None], -np.inf).argmax(axis=2)

    share = allowed * rng.gamma(np.exp(rng.uniform(0, 2, size=(n, 1))), size=(n, most))
    upper = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
    rank = (scores[..., 0].argsort(axis=1).argsort(axis=1) + 0.5) / n_rows
    interval = (rank[..., None] > upper[:, None]).sum(axis=2)
    interval = np.minimum(interval, n_classes - 1)

    classes = np.where(rng.random((n, 1)) < 0.5, highest, interval)
    flipped = rng.random((n, n_rows)) < rng.choice([0.0, 0.0, 0.0, 0.0, 0.1], size=(n, 1))
    classes = np.where(flipped, rng.integers(n_classes, size=(n, n_rows)), classes)
    dealt = rng.permuted(np.tile(np.arange(most), (n, 1)), axis=1)
    return np.take_along_axis(dealt, classes, axis=1)


def _targets(rng, scores, support):
    """Real targets: noise, sometimes skew, and the scale of the support."""
    n = len(scores)
    noise = np.exp(rng.uniform(np.log(0.01), np.log(1.0), size=(n, 1)))
    targets = scores + noise * rng.normal(size=scores.shape)
    skewed = np.exp(0.7 * targets)
    targets = np.where(rng.random((n, 1)) < 0.2, skewed, targets)
    center, scale = column_statistics(targets[..., None], support[..., None])
    return table_targets(targets[..., None], ColumnStatistics(center[:, None], scale[:, None]))


def _missing(rng, shape):
    """Cells that are missing: in a fifth of the tables, in some columns, some cells."""
    n, _, n_columns = shape
    tables = rng.random((n, 1, 1)) < 0.2
    share = (rng.random((n, 1, n_columns)) < 0.5) * rng.uniform(0, 0.5, size=(n, 1, n_columns))
    return tables & (rng.random(shape) < share)
