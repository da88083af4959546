"""Tables of one's own to meta-train on: related data sets, one an episode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skmeta.columns import column_statistics, table_targets, times_as_numbers
from skmeta.episodes import TARGET_KINDS, EpisodeBatch, TaskSpec
from skmeta.tasks._base import check_size
from skmeta.tasks.classes import distinct_labels, draw_distinct, one_a_row
from skmeta.tasks.tables import TableFamily

# Rows of an episode where the user does not say: as many as all tables have, between these.
LEAST_STEPS, USUAL_STEPS = 10, 50
# More classes of a type of real numbers are targets of a regression.
MOST_REAL_CLASSES = 30


class DataTables(TableFamily):
    """Episodes that are random rows of one of many tables, under columns and labels dealt anew.

    ``from_tables`` is another name of it.

    Parameters
    ----------
    tables : sequence of (X, y)
        ``X`` of shape (n, d) holds numbers, NaN (or pandas.NA) where a cell is missing; ``y`` of
        shape (n,) classes of any type that sorts, or real targets. Tables may
        differ in rows, columns and classes. Arrays of float64 are kept, not copied.
    kind : {"classification", "regression"}, default="classification"
    n_steps : int or None, default=None
        Rows T of an episode; no table has fewer. None takes 50, or those of the shortest table
        down to 10.
    n_columns : int or None, default=None
        Columns that the network has places for; None takes those of the widest table. To go on
        from a learner (``MetaTrainer(warm_start="tabular")``) take as many as it has, 100.
    n_classes : int or None, default=None
        Labels to deal from; None takes the classes of the table with most.
    weighted : bool, default=True
        Whether rows tell how much each column matters
        (:func:`skmeta.relevance.column_weights`).

    Raises
    ------
    ValueError
        If there is no table or one does not fit.

    Examples
    --------
    >>> from sklearn.datasets import load_iris, load_wine
    >>> from skmeta.tasks import from_tables
    >>> tasks = from_tables([load(return_X_y=True) for load in (load_iris, load_wine)], n_steps=30)
    >>> tasks.batch(0, 16, seed=0).targets.shape
    (16, 30)
    """

    def __init__(
        self,
        tables: Sequence,
        kind: str = "classification",
        *,
        n_steps: int | None = None,
        n_columns: int | None = None,
        n_classes: int | None = None,
        weighted: bool = True,
    ):
        if not isinstance(kind, str) or kind not in TARGET_KINDS:
            raise ValueError(
                f"kind must be one of {TARGET_KINDS}, got "
                f"{repr(kind) if isinstance(kind, str) else type(kind).__name__}. "
                "Tables come as a list of pairs: [(X, y), ...]."
            )
        least = LEAST_STEPS if n_steps is None else check_size("n_steps", n_steps)
        pairs = _checked_pairs(tables)
        self._X = [_checked_cells(X, number, least) for number, (X, _) in enumerate(pairs)]
        shortest = min(map(len, self._X))
        self.n_steps = min(USUAL_STEPS, shortest) if n_steps is None else least
        self._y = [
            _checked_targets(y, kind, len(self._X[number]), number)
            for number, (_, y) in enumerate(pairs)
        ]
        widest = max(X.shape[1] for X in self._X)
        self.n_columns = widest if n_columns is None else check_size("n_columns", n_columns)
        if widest > self.n_columns:
            raise ValueError(f"n_columns={n_columns}, but a table has {widest} columns.")
        n_outputs = 1
        if kind == "classification":
            most = max(int(y.max()) + 1 for y in self._y)
            if most < 2:
                raise ValueError("No table has two classes.")
            n_outputs = most if n_classes is None else check_size("n_classes", n_classes)
            if most > n_outputs:
                raise ValueError(f"n_classes={n_classes}, but a table has {most} classes.")
        self.spec = TaskSpec(kind, (2 * self.n_columns,), n_outputs, table=True, weighted=weighted)

    def data(self):
        """Return cells and targets of all tables: see :class:`TaskFamily`."""
        return [*self._X, *self._y]

    def draw(self, rng, n_episodes) -> EpisodeBatch:
        """Draw tables, rows, an order of columns and labels: see :class:`TaskFamily`."""
        chosen = rng.integers(len(self._X), size=n_episodes)
        n_rows = np.array([len(self._X[table]) for table in chosen])
        rows = draw_distinct(rng, n_rows, self.n_steps)
        n_support = self.draw_support(rng, n_episodes)
        labels = np.tile(np.arange(self.spec.n_outputs), (n_episodes, 1))
        labels = rng.permuted(labels, axis=1)

        inputs = np.empty((n_episodes, self.n_steps, 2 * self.n_columns), dtype=np.float32)
        targets = []
        for episode, table in enumerate(chosen):
            X, y = self._X[table][rows[episode]], self._y[table][rows[episode]]
            X = X[:, rng.permutation(X.shape[1])]
            if self.spec.kind == "classification":
                told = labels[episode][y]
            else:
                y = y[:, None]
                told = table_targets(y, column_statistics(y[: n_support[episode]]))
            inputs[episode] = self.rows_of(X, told, n_support[episode])
            targets.append(told)
        return EpisodeBatch(inputs, np.stack(targets), weights=self.weights_after(n_support))


from_tables = DataTables  # what it does, beside what it is


def _checked_pairs(tables):
    pairs = list(tables)
    if not pairs:
        raise ValueError("tables must hold at least one (X, y), got none.")
    for number, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(
                "tables must be a list of pairs, [(X, y), ...]: table "
                f"{number} is of type {type(pair).__name__}"
                + (f" and length {len(pair)}." if isinstance(pair, (tuple, list)) else ".")
            )
    return pairs


def _checked_cells(X, number, n_steps):
    if hasattr(X, "toarray"):
        raise ValueError(f"X of table {number} is sparse: pass X.toarray().")
    try:
        cells = np.asarray(X)
        if cells.dtype.kind in "cmM":  # of which NumPy would make floats
            raise TypeError(f"got {cells.dtype}")
        if cells.dtype == object and hasattr(X, "isna"):  # pandas.NA is no number to NumPy
            cells = np.where(X.isna(), np.nan, cells)
        elif isinstance(X, np.ma.MaskedArray):
            cells = np.ma.filled(X.astype(np.float64), np.nan)
        X = cells.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"X of table {number} must hold real numbers, NaN where a cell is missing ({error}). "
            "Encode text and dates first."
        ) from None
    if X.ndim != 2 or X.shape[1] == 0 or len(X) < n_steps:
        raise ValueError(
            f"X of table {number} must have shape (n, d) with d >= 1 and n >= {n_steps}, the rows "
            f"of an episode, got {X.shape}."
        )
    if np.isinf(X).any():
        raise ValueError(f"X of table {number} holds infinite values.")
    return X


def _checked_targets(y, kind, n_rows, number):
    y = one_a_row(y, n_rows, f"y of table {number}")
    if kind == "regression":
        try:
            if y.dtype.kind == "c":
                raise TypeError(f"got {y.dtype}")
            y = times_as_numbers(y) if y.dtype.kind in "mM" else y.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"y of table {number} must hold numbers ({error}).") from None
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError(f"y of table {number} holds NaN or infinite values.")
    if kind == "regression":
        return y
    classes, labels, _ = distinct_labels(y, f"y of table {number}")
    if y.dtype.kind == "f" and _are_measured(y, len(classes)):
        raise ValueError(
            f"y of table {number} holds real numbers, not classes: give kind='regression', cut "
            "them into classes, or say that they are some: y.astype(int)."
        )
    return labels


def _are_measured(y, n_classes):
    """Whether real numbers are those of a regression, and no classes."""
    whole = (y == np.round(y)).all()
    return n_classes > MOST_REAL_CLASSES or (not whole and 2 * n_classes > len(y))
