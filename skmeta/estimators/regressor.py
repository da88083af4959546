"""InContextRegressor: a function learned by reading examples."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array

from skmeta.columns import ColumnStatistics, times_as_numbers
from skmeta.estimators._base import InContextEstimator
from skmeta.estimators._table_rows import or_one
from skmeta.estimators._warnings import warn


class InContextRegressor(RegressorMixin, InContextEstimator):
    """Regressor whose fit is one pass of the support through a meta-trained memory.

    No weight changes in ``fit``. ``predict`` answers each row from the state
    that the support left behind, and ``partial_fit`` reads on. A learner of
    tables scales columns and targets by the first support. Any other takes rows
    and targets as they are: give it values like those of the tasks it was
    trained on (``skmeta.describe`` prints them); a warning says where they are not.
    On a table, a kernel regression on at most 128 of the first rows has a say beside the learner
    (:class:`skmeta.second_opinion.SecondOpinion`).

    Parameters
    ----------
    learner : str, path-like or Learner, default="tabular-regression"
        Name of a shipped learner, path of a ``.safetensors`` file, or
        ``MetaTrainer(...).fit(tasks).learner_``.
    n_members : int or "auto", default="auto"
        Members whose answers are averaged. One reads the rows in the order given,
        more in random orders; all but the first see permuted columns of a table.
        "auto" takes 2 for tables, more where columns are too many for one member, and 1 for other
        learners.
    n_passes : int, default=1
        How often the support is read.
    categorical_features : "from_dtype", None or array-like of bool, int or str of shape \
            (n_features,) or (n_categorical,), default="from_dtype"
        Which columns of a table are categories: in a frame, text and categories without order
        ("from_dtype"); none (None); or a mask, indices or names. A category of three levels or
        more is read as one flag a level, while the learner has places. With "from_dtype", whole
        numbers of three values or more, less than ten apart, may be codes, and about half of the
        members read them so (docs/tables.md has the rules). Ignored by learners that do not read
        tables.
    engine : {"numpy", "keras"}, default="numpy"
        What computes: NumPy, or a compiled Keras function (for GPUs and
        large supports).
    random_state : int, RandomState instance or None, default=None
        Draws the orders of the members after the first.

    Attributes
    ----------
    n_features_in_ : int
        Features of a row.
    feature_names_in_ : ndarray of str
        Names of the columns, where ``X`` had any.
    learner_ : Learner
        The loaded learner.
    state_ : nested named tuples of ndarray
        What the memory holds.
    target_scale_ : ColumnStatistics
        Center and scale of the targets: those of the first support for learners of
        tables, 0 and 1 for others. A scale of 0 says that all were alike so far.
    n_members_ : int
        Members that read.

    References
    ----------
    S. Hochreiter, A. S. Younger, P. R. Conwell, "Learning to Learn Using
    Gradient Descent", ICANN 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta import InContextRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, (35, 2))
    >>> y = X[:, 0] ** 2 - 0.5 * X[:, 1]
    >>> reg = InContextRegressor(learner="lstm-quadratic").fit(X, y)
    >>> reg.predict(X[:3]).shape
    (3,)
    """

    _kind = "regression"
    target_scale_: ColumnStatistics

    def __init__(
        self,
        learner="tabular-regression",
        *,
        n_members="auto",
        n_passes=1,
        categorical_features="from_dtype",
        engine="numpy",
        random_state=None,
    ):
        self.learner = learner
        self.n_members = n_members
        self.n_passes = n_passes
        self.categorical_features = categorical_features
        self.engine = engine
        self.random_state = random_state

    def fit(self, X, y):
        """Read the support from a fresh memory.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The support.
        y : array-like of shape (n_rows,)
            Its targets: numbers, or times or spans of time as NumPy has them, which are numbers
            in their own unit, as scikit-learn's scorers take them.

        Returns
        -------
        self : InContextRegressor

        Raises
        ------
        TypeError
            If X is sparse, a lazy frame or a mapping.
        ValueError
            If the support is empty, not finite, or of another width, or targets are Python's times
            or have a time zone. Learners of tables read missing cells and any width.
        ArtifactError
            If the learner cannot be loaded.
        """
        return self._learn(X, _without_python_times(y), first=True, shuffled=True)

    def partial_fit(self, X, y):
        """Read more rows, in the order given, at a cost that does not depend on those before.

        The first 128 rows of a stream scale a table for good, or its first call if it has more.
        Until there are as many, they are kept, and all read anew with the next ones; those of a
        ``fit`` on fewer than ten rows in random orders still. A ``fit`` on more scales the table.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The rows.
        y : array-like of shape (n_rows,)
            Their targets. Times are read in the unit of the first ones.

        Returns
        -------
        self : InContextRegressor

        Raises
        ------
        ValueError
            As in ``fit``. The state is then as it was.
        """
        return self._learn(X, _without_python_times(y), first=not hasattr(self, "state_"))

    def predict(self, X, return_std=False):
        """Return the mean of the target, and how sure the learner is.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The queries. Each is answered on its own.
        return_std : bool, default=False
            Whether to return the standard deviation too.

        Returns
        -------
        y_mean : ndarray of shape (n_rows,)
            Where targets were times, in the unit of the first ones, since 1970 or as a span.
        y_std : ndarray of shape (n_rows,), only if ``return_std``
            Standard deviation of the target, that of the mixture of all that answer. While all
            targets that were read are alike, it has no unit, and a warning says so.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing was read yet.
        ValueError
            If the rows are not like those of the support.
        """
        now = self._as_it_is()
        answers, scores = now._answers(X)  # (M, Q, 2, 1), (Q, 1) if any
        means, stds = answers[..., 0, 0], np.exp(answers[..., 1, 0])
        mean = means.mean(axis=0)
        variance = (stds**2 + (means - mean) ** 2).mean(axis=0)
        if scores is not None:
            opinion, other = now._rows.second_opinion, scores[:, 0]
            share = opinion.share(variance, now._n_later)
            apart = share * (1 - share) * (other - mean) ** 2
            variance = variance + share * (opinion.errors(variance) - variance) + apart
            mean = mean + share * (other - mean)
        center, scale = now.target_scale_
        y_mean = mean * scale + center
        if not return_std:
            return y_mean
        if not scale.any():
            warn(
                f"All targets that were read are {center[0]:g}: how far others may lie, and so the "
                "unit of the standard deviations, is not known."
            )
        return y_mean, np.sqrt(variance) * or_one(scale)

    def _met_targets(self, y, *, first):
        """Scale targets, which for plain rows must be finite as float32, too."""
        if first and self._beginning is None:
            self._first_type = y.dtype
        y = check_array(self._kept(y), dtype=self._rows.dtype, ensure_2d=False, input_name="y")
        found = None if first else self.target_scale_
        told, self.target_scale_ = self._rows.targets(y, found)
        return told

    def _kept(self, y):
        """Return a copy of targets to read again: times as numbers."""
        if y.dtype.kind not in "mM":
            return y.copy()
        first = self._first_type if self._first_type.kind in "mM" else y.dtype
        if y.dtype.kind != first.kind:
            names = {"m": "spans of time", "M": "times"}
            raise ValueError(
                f"y holds {names[y.dtype.kind]}, it held {names[first.kind]} at first."
            )
        try:
            return times_as_numbers(y, np.datetime_data(first))
        except TypeError as error:  # months have no length
            raise ValueError(
                f"y holds times in another unit than the first ones ({error})."
            ) from None

    def _told(self, targets):
        """Targets as each member is told them, shape (M, S, 1)."""
        return np.repeat(targets[None, :, None], self.n_members_, axis=0)


def _without_python_times(y):
    """Return targets as they are, which NumPy must be able to make numbers of.

    Raises
    ------
    ValueError
        If they are Python's times, or those of pandas with a time zone.
    """
    cells = np.asarray(y)
    if cells.dtype == object and cells.size and isinstance(cells.flat[0], (date, timedelta)):
        made = "pandas.to_datetime(pandas.Series(y), utc=True).dt.tz_localize(None)"
        if isinstance(cells.flat[0], timedelta):
            made = "pandas.to_timedelta(pandas.Series(y))"
        raise ValueError(
            "y holds times as Python objects, or with a time zone, which scikit-learn's scorers do "
            f"not read: pass {made}, or numbers."
        )
    return y
