"""From what a user calls rows to the rows that a learner reads, as each member sees them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from sklearn.preprocessing import OrdinalEncoder

from skmeta.columns import ColumnStatistics, column_statistics, table_rows
from skmeta.episodes import TaskSpec

# Plain rows and targets are compared with those of meta-training: a mean so many of its standard
# deviations away, or a spread so many times its own, is a forgotten scaling.
FAR, WIDE = 2.0, 3.0


@dataclass
class PlainRows:
    """Vectors or pictures of the size that the learner was trained on, the same for all members.

    Parameters
    ----------
    spec : TaskSpec
        What the learner reads.
    name : object
        What the user calls the learner.
    """

    spec: TaskSpec
    name: object
    finite = True
    dtype = np.float32

    def numbers(self, X):
        """Pictures of shape (n, height, width) -> rows of pixels; anything else as it is."""
        shape = self.spec.input_shape
        if isinstance(X, (list, tuple)):
            X = np.asarray(X)
        n_axes = getattr(X, "ndim", 2)
        if len(shape) == 1 or n_axes <= 2:
            return X
        X = np.asarray(X)
        if X.shape[1:] != shape:
            square = n_axes == 3 and X.shape[1] == X.shape[2] > shape[0] == shape[1]
            way_out = (
                f"skmeta.datasets.shrink_pictures(X, {shape[0]}) makes them."
                if square
                else "Cut or resize them first, one number a pixel: ink 1, paper 0."
            )
            raise ValueError(
                f"The learner reads pictures of shape (n, {', '.join(map(str, shape))}) or rows "
                f"of {prod(shape)} pixels, got {X.shape}. {way_out}"
            )
        return X.reshape(len(X), prod(shape))

    def measure(self, learner, X, n_members, rng):
        """See that a support has the learner's width, and looks like what it was trained on."""
        shape = self.spec.input_shape
        if X.shape[1] != prod(shape):
            pictures = f" (pictures of {_times(shape)} pixels)" if len(shape) > 1 else ""
            raise ValueError(
                f"The learner {self.name!r} reads {prod(shape)} features a row{pictures}, "
                f"got {X.shape[1]}. Choose another learner (skmeta.list_learners()), or "
                "meta-train one on rows like these (skmeta.MetaTrainer)."
            )
        self._compare("X", X, learner, "encoder")

    def measure_targets(self, learner, y):
        """Targets are told as they are."""
        self._compare("y", y[:, None], learner, "readout")
        return ColumnStatistics(np.zeros(1), np.ones(1))

    def _compare(self, what, values, learner, part):
        """Warn of values that look nothing like those of meta-training."""
        center, scale = (learner.weights[f"{part}/{name}"] for name in ("center", "scale"))
        if what == "X" and len(self.spec.input_shape) > 1:
            values, center, scale = values.reshape(-1, 1), center[:1], scale[:1]
        mean, spread = values.mean(axis=0), values.std(axis=0)
        luck = 3 / np.sqrt(len(values))  # a mean of few values may be off
        far = (np.abs(mean - center) > (FAR + luck) * scale) | (spread > WIDE * scale)
        if not far.any():
            return
        worst = int(np.argmax(far))
        warnings.warn(
            f"{what} looks unlike what the learner {learner.name!r} was trained on: mean "
            f"{mean[worst]:.3g} and standard deviation {spread[worst]:.3g}, there "
            f"{center[worst]:.3g} and {scale[worst]:.3g}. Its answers mean nothing unless values "
            "are scaled to that range (pictures: ink 1 on paper 0, not standardised).",
            stacklevel=4,
        )

    def shown(self, X):
        """Return rows as members see them, shape (1, n, *input_shape)."""
        return X.astype(np.float32).reshape(1, -1, *self.spec.input_shape)


@dataclass
class TableRows:
    """A table of any width: scaled by its support, in an order of columns for each member.

    Parameters
    ----------
    spec : TaskSpec
        What the learner reads.
    """

    spec: TaskSpec
    finite = "allow-nan"
    dtype = np.float64
    categories: OrdinalEncoder | None = None
    statistics: Any = None  # ColumnStatistics, of the first support
    orders: Any = None  # (M, columns seen), an order for each member

    def numbers(self, X):
        """Code categories and text of a frame, NaN for missing ones and new levels.

        The first frame decides which columns are coded, and how. Anything else stays as it is.
        """
        if not hasattr(X, "select_dtypes"):
            return X
        coded = list(X.select_dtypes(exclude=["number", "bool"]).columns)
        if self.statistics is None and coded:
            self.categories = OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=np.nan,
                encoded_missing_value=np.nan,
            ).fit(X[coded])
        if self.categories is not None:
            names = list(self.categories.feature_names_in_)
            codes = self.categories.transform(X[names])
            X = X.assign(**dict(zip(names, codes.T, strict=True)))
        return X

    def measure(self, learner, X, n_members, rng):
        """Measure the columns of a support, and deal an order of them to each member."""
        n_columns, places = X.shape[1], self.spec.n_columns
        if n_columns > places:
            warnings.warn(
                f"X has {n_columns} columns, the learner has places for {places}: each member "
                f"sees {places} of them, drawn at random. More n_members see more of them.",
                stacklevel=4,
            )
        orders = [rng.permutation(n_columns)[:places] for _ in range(n_members)]
        if n_columns <= places:
            orders[0] = np.arange(n_columns)
        self.statistics, self.orders = column_statistics(X), np.stack(orders)

    def measure_targets(self, learner, y):
        """Return center and scale of the support's targets."""
        return column_statistics(y[:, None].astype(np.float64))

    def shown(self, X):
        """Return rows as each member sees them, shape (M, n, 2 * places)."""
        center, scale = self.statistics
        return np.stack(
            [
                table_rows(
                    X[:, order],
                    ColumnStatistics(center[order], scale[order]),
                    self.spec.n_columns,
                )
                for order in self.orders
            ]
        )


def rows_for(learner, name):
    """Return what prepares rows for a learner.

    Parameters
    ----------
    learner : Learner
    name : object
        What the user calls it.

    Returns
    -------
    rows : PlainRows or TableRows
    """
    return TableRows(learner.spec) if learner.spec.table else PlainRows(learner.spec, name)


def _times(shape):
    return " x ".join(map(str, shape))
