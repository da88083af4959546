"""Tables of any width: from the rows of a user to those that each member reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skmeta.columns import (
    LEAST_FENCED,
    LEAST_SUPPORT,
    LIMIT,
    ROUNDING,
    TARGET_LIMIT,
    column_statistics,
    fenced,
    known_cells,
    root_mean_square,
    stand_ins,
    table_rows,
    table_targets,
    varying,
)
from skmeta.engines.threads import one_thread
from skmeta.episodes import TaskSpec
from skmeta.estimators._frames import (
    Frame,
    FrameColumn,
    array_in_numbers,
    called,
    framed,
    in_numbers,
    named_columns,
    of_pandas,
)
from skmeta.estimators._layout import TableLayout
from skmeta.estimators._rows import Rows
from skmeta.estimators._warnings import warn, warn_once

# Members of a table where the user does not say: one for codes as numbers, one for their flags.
# Few rows are soon read, and it matters most there how labels are dealt.
USUAL_MEMBERS, MEMBERS_OF_FEW, FEW_ROWS = 2, 3, 20
# So many rows tell whether a column lies where the first rows had nothing.
ROWS_COMPARED = 1_000
# A category of so many rows, so large a share of which has a level of its own, names rows.
LEAST_NAMES, NAMES = 20, 0.8
# What to do with text that looks like something else.
HOW_TO_CONVERT = {
    "dates": "make dates of them: pandas.to_datetime with their format",
    "numbers": "write them as such: without signs and units, and with a decimal point",
}
# Some real tables have less noise than synthetic ones, which a learner cannot know from few rows:
# so many of each class leave it half as sure as it should be. Chosen on benchmarks/tables.py.
ROWS_OF_DOUBT = 0.75


@dataclass
class TableRows(Rows):
    """A table of any width: scaled by its support, in an order of columns for each member.

    Parameters
    ----------
    spec : TaskSpec
        What the learner reads.
    categorical_features : "from_dtype", array-like or None
        Which columns are categories: text and categories without order, those named, or none.
        The first looks for codes among the numbers, too.
    """

    spec: TaskSpec
    categorical_features: Any
    warned: set
    finite = "allow-nan"
    dtype = np.float64
    scales = True  # columns, by the first rows
    frame: Any = None  # Frame, what the first support holds if it was one
    layout: Any = None  # TableLayout, of the first support
    orders: Any = None  # for each member, the columns that it sees, in an order of its own

    def kept(self, X, numbers):
        """Return a copy of rows to read again: as a frame where the first were one."""
        if self.frame is None:
            return super().kept(X, numbers)
        X = of_pandas(X)
        frame = X if hasattr(X, "iloc") else framed(X, self.frame)
        return frame.copy().reset_index(drop=True)

    def numbers(self, X, *, learnt):
        """Write a frame in numbers, and an array that follows one; others stay as they are.

        Text and categories become the number of their level among those of the first frame,
        NaN where missing or new; times become seconds. Flags come later (:meth:`measure`).
        """
        X = of_pandas(X)
        if getattr(X, "ndim", 2) >= 3:
            way_out = "X.reshape(len(X), -1) has a column a pixel."
            if self.spec.kind == "classification":
                way_out += " learner='omniglot' reads pictures of 28 x 28 strokes."
            raise ValueError(
                f"Found array with dim 3, the learner reads tables of shape (n, columns): {way_out}"
            )
        if not hasattr(X, "iloc"):
            return array_in_numbers(X, self.frame, self.warned, learnt)
        if X.ndim == 1:
            raise ValueError(
                "Expected a 2-dimensional container, got a Series: one row of a frame is "
                "X.iloc[[0]], one column X[['name']]."
            )
        if X.shape[1] == 0:
            return X
        if self.layout is None:
            asked, names = self.categorical_features, list(X.columns)
            self.frame = Frame.of(X, named_columns(asked, len(names), names))
        return in_numbers(X, self.frame, self.warned, learnt)

    @property
    def usual_members(self):
        """A few members: more for few rows of classes, or a table seen in parts."""
        few = self.spec.kind == "classification" and self.layout.n_rows <= FEW_ROWS
        return (MEMBERS_OF_FEW if few else USUAL_MEMBERS) * self._n_views

    def usual_temperature(self, class_count, n_labels):
        """Sharpen probabilities, most with few rows of a class, but not while one has none."""
        if class_count.min() == 0:
            return 1.0
        rows_of_label = class_count.sum() / min(len(class_count), n_labels)
        return rows_of_label / (rows_of_label + ROWS_OF_DOUBT)

    @property
    def _n_views(self):
        """Members that it takes to see all columns that vary."""
        return -(-len(self.layout.seen()) // self.spec.n_columns)

    def measure(self, X, told):
        """Lay out the columns of a support, and warn of what it cannot tell."""
        named = self._categories(X.shape[1])
        categories = {i: len(np.unique(known_cells(X[:, i]))) for i in named}
        maybe_codes = self._numbers(X.shape[1]) if self._told_by_type else []
        with one_thread():
            self.layout = TableLayout.measured(X, told, self.spec, categories, maybe_codes)
        if self._n_views > 1:
            places, n_columns = self.spec.n_columns, len(varying(self.layout.statistics))
            warn_once(
                self.warned,
                "views",
                f"X has {n_columns} columns that vary, the learner has places for {places}: each "
                f"member sees {places} of them, and it takes {self._n_views} members to see all.",
            )
        self._warn_of_numbers(X, [i for i in self._numbers(X.shape[1]) if i not in categories])
        self._warn_of_names(X, categories)

    def settle(self):
        """See :meth:`Rows.settle`."""
        self.layout = self.layout.settled()

    def _warn_of_numbers(self, X, numbers):
        """Warn of values that may stand for missing cells."""
        for place, value in stand_ins(X[:, numbers]).items():
            warn_once(
                self.warned,
                ("stand-in", numbers[place]),
                f"{value:g} in column {self._name(numbers[place])} of X lies far beyond all other "
                "cells, in more than a few rows. If it stands for missing cells, replace it by "
                "NaN.",
            )

    def _warn_of_names(self, X, categories):
        """Warn of text that may be dates or numbers, and of almost as many levels as rows."""
        for i, n in categories.items():
            column = FrameColumn() if self.frame is None else self.frame.columns[i]
            n_known = len(known_cells(X[:, i]))
            names = n_known >= LEAST_NAMES and n >= NAMES * n_known
            if column.looks_like:
                kind, cell = column.looks_like
                way_out = f" If not, drop it: it has {n} levels in {n_known} rows." if names else ""
                warn_once(
                    self.warned,
                    ("text", i),
                    f"Column {self._name(i)} of X holds text such as {called(cell)}, read as "
                    f"names. If these are {kind}, {HOW_TO_CONVERT[kind]}.{way_out}",
                )
            elif names:
                warn_once(
                    self.warned,
                    ("names", i),
                    f"The category {self._name(i)} of X has {n} levels in {n_known} rows: new rows "
                    "have new ones, and next to nothing is learnt from it. Drop it, or make "
                    "categories, numbers, dates (pandas.to_datetime) or spans "
                    "(pandas.to_timedelta) of it.",
                )

    def warn_of_few(self, X):
        """Warn of too few rows to scale a table by."""
        if len(X) < LEAST_SUPPORT:
            warn_once(
                self.warned,
                "few",
                "Columns, and targets that are numbers, are scaled by the rows of fit, of which "
                f"there are {len(X)}: call it with {LEAST_SUPPORT} or more, or partial_fit with "
                "the next ones.",
            )

    def warn_of_later(self, X):
        """Warn of columns that vary in later rows alone: they are left out."""
        kept, off, statistics = self._apart(X)
        center, scale = statistics
        new = (off > ROUNDING * np.abs(center)).any(axis=0) & ~np.isfinite(scale)
        for i in kept[new].tolist():
            warn_once(
                self.warned,
                ("new", i),
                f"Column {self._name(i)} of X did not vary in the first rows, or had no cell; "
                "they scale a table for good: it is left out. Begin with rows in which it varies.",
            )
        self._warn_of_far(kept, off[:ROWS_COMPARED], statistics)

    def warn_of_queries(self, X):
        """Warn of columns most of whose cells lie farther out than any of the first rows."""
        self._warn_of_far(*self._apart(X[:ROWS_COMPARED]))

    def _warn_of_far(self, kept, off, statistics):
        """Warn of such columns, by what :meth:`_apart` says."""
        cut = np.maximum(LIMIT * statistics.scale, self.layout.reach[: len(kept)])
        n_known, n_far = (off >= 0).sum(axis=0), (off > cut).sum(axis=0)
        enough = (n_known >= LEAST_FENCED) & (self.layout.n_rows >= LEAST_FENCED)
        far = kept[enough & (2 * n_far > n_known)].tolist()
        far = [i for i in far if ("far", i) not in self.warned]
        if far:
            names = ", ".join(map(self._name, far[:3])) + (", ..." if len(far) > 3 else "")
            warn(
                f"Most cells of column {names} of X lie far beyond all of the first rows, and are "
                f"read as if they lay no farther than {LIMIT:g} standard deviations from the mean "
                "of those, or than the last of them: answers follow the column no further. Call "
                "fit on rows like these.",
            )
            self.warned.update(("far", i) for i in far)  # behind the warning, as above

    def _apart(self, X):
        """Columns of numbers, how far their cells are from the first rows' mean, and statistics."""
        kept = np.delete(np.arange(X.shape[1]), list(self.layout.flags))
        statistics, components = self.layout.statistics.of(slice(len(kept))), self.layout.components
        if components is not None:  # these columns are silent, but were measured
            scale = statistics.scale.copy()
            scale[np.isin(kept, components.columns)] = components.statistics.scale
            statistics = statistics._replace(scale=scale)
        with np.errstate(invalid="ignore"):
            off = np.abs(self.layout.scored(X)[:, kept] - statistics.center)
            off[self.layout.beyond_scores(X)[:, kept]] = np.inf
        return kept, off, statistics

    def _name(self, column):
        """What to call a column."""
        return called(column if self.frame is None else self.frame.names[column])

    def deal(self, n_members, rng):
        """Deal the columns that vary to each member, in an order of its own.

        Where numbers may be codes, every other member sees flags in their place, and the last of
        an odd number of members those of some by lot.
        """
        places, n_views = self.spec.n_columns, self._n_views
        self.orders = []
        for member in range(n_members):
            if member % n_views == 0:  # so many members see all columns
                if member % 2 == 1:
                    flagged = list(self.layout.codes)
                elif 0 < member == n_members - 1:  # without a counterpart
                    flagged = [i for i in self.layout.codes if rng.randint(2)]
                else:
                    flagged = []
                order = rng.permutation(self.layout.seen(flagged))
            self.orders.append(np.roll(order, -places * (member % n_views))[:places])
        if n_views == 1:
            self.orders[0] = self.layout.seen()

    def reader(self, learner):
        """Return what reads the rows that are shown: the learner, with as few places as will do."""
        return learner.for_columns(max(map(len, self.orders)))

    def targets(self, y, found=None):
        """Return targets in standard deviations of the first, and the scale of the next ones."""
        if found is None:
            y = self._near(y)
        scale = self._target_scale(y, found)
        told = table_targets(y[:, None], scale._replace(scale=or_one(scale.scale)))[:, 0]
        return told, scale

    def _near(self, y):
        """Move the few first targets that lie far beyond all others nearer to them, and say so."""
        moved = fenced(y[:, None].astype(np.float64))[:, 0]
        far = np.flatnonzero(moved != y)
        if len(far):
            warn_once(
                self.warned,
                "targets",
                f"{len(far)} of {len(y)} targets, {y[far[0]]:g} for one, lie far beyond all "
                f"others, and are read as if they lay nearer, {moved[far[0]]:g}: they may be "
                "wrong.",
            )
        return moved

    def _target_scale(self, y, found):
        """Center and scale of the first targets, for good.

        While all are alike the scale is 0, and still free: each was told as 0, whatever it is.
        """
        if found is None:
            found = column_statistics(y[:, None].astype(np.float64))
            alike = np.ptp(y) <= ROUNDING * np.abs(y).max()
            return found._replace(
                center=np.where(alike, y[:1], found.center), scale=np.where(alike, 0.0, found.scale)
            )
        if found.scale == 0:
            off = y[:, None] - found.center
            if np.abs(off).max() <= ROUNDING * np.abs(found.center).max():
                return found
            return found._replace(scale=root_mean_square(off, len(y)))
        beyond = np.abs(y - found.center) > TARGET_LIMIT * found.scale
        if beyond.any():
            warn_once(
                self.warned,
                "later targets",
                f"{beyond.sum()} of {len(y)} targets lie more than {TARGET_LIMIT:g} standard "
                "deviations of the first rows' targets from their mean, and are read as if they "
                "lay there. The first rows set the scale for good: begin with rows like those to "
                "come, or call fit on all.",
            )
        return found

    def shown(self, X, spec, own=None):
        """Return rows as each member sees them: (1 or M, n, columns) -> (M, n, 2 * places)."""
        statistics, weights = self.layout.statistics, self.layout.weights
        X = self.layout.laid_out(X, own)
        X = np.broadcast_to(X, (len(self.orders), *X.shape[1:]))
        return np.stack(
            [
                table_rows(cells[:, order], statistics.of(order), spec.n_columns, weights[order])
                for cells, order in zip(X, self.orders, strict=True)
            ]
        )

    @property
    def second_opinion(self):
        """SecondOpinion of the first support, or None."""
        return self.layout.opinion

    def scores(self, X):
        """Return what the second opinion says of checked rows, (n, k), if there is one."""
        if self.layout.opinion is None:
            return None
        with one_thread():
            return self.layout.opinion.scores(self.layout.compared(X))

    @property
    def _told_by_type(self):
        """Whether types tell which columns are categories, and not the user."""
        return isinstance(self.categorical_features, str)  # "from_dtype"

    def _numbers(self, n_columns):
        """Which columns are numbers, and neither times nor levels, as indices."""
        if self.frame is None:
            return list(range(n_columns))
        return [i for i, column in enumerate(self.frame.columns) if column.kind == "numbers"]

    def _categories(self, n_columns):
        """Which columns are categories, as indices."""
        if self._told_by_type:
            return [] if self.frame is None else self.frame.nominal
        names = [] if self.frame is None else self.frame.names
        return named_columns(self.categorical_features, n_columns, names)


def or_one(scale):
    """Return 1 where a scale is 0."""
    return np.where(scale > 0, scale, 1.0)
