"""What the first support of a table tells of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from skmeta.columns import (
    ColumnStatistics,
    choose_flags,
    flags_up,
    long_tailed,
    may_be_codes,
    standardised,
    support_statistics,
    varying,
    with_flags,
)
from skmeta.components import Components
from skmeta.episodes import TaskSpec
from skmeta.levels import Levels, are_crowded
from skmeta.neighbours import Neighbours
from skmeta.relevance import (
    MOST_PAIRS,
    NO_PAIRS,
    column_weights,
    comparable_rows,
    known_of_rows,
    telling_gaps,
    telling_levels,
    telling_neighbours,
    telling_pairs,
    telling_scores,
)
from skmeta.second_opinion import SecondOpinion

# Whole numbers may be codes of categories where the largest is less than so much above the least.
# On the tables of benchmarks/tables.py 10, 20 and 40 were level.
CODE_SPAN = 10
NO_LEVELS = np.zeros(0)
# Components take the place of columns unless the second opinion misses so much more of the targets
# by them (mean squared error). Chosen on made-up tables.
WORSE = 0.02
QUARTILES = -0.6745, 0.6745  # of a standard normal number


@dataclass(frozen=True)
class TableLayout:
    """Columns as laid out: numbers, flags, what levels tell, products, neighbours, flags of codes.

    Measured on the first support, and kept for good.

    Parameters
    ----------
    flags : mapping of int to ndarray
        Column of a category -> its levels, with a flag each in its place; none of a crowded one.
    codes : mapping of int to ndarray
        Column of codes -> its levels, with a flag each beside it: a member sees one or the other.
    statistics : ColumnStatistics
        Of the columns laid out.
    weights : ndarray of shape (n_laid_out,)
        How much each matters, alike where the learner is not told.
    reach : ndarray of shape (n_laid_out,)
        How far its cells lie from its center at most.
    n_rows : int
        Rows of the first support.
    n_columns : int
        Columns of it, that vary.
    pairs : ndarray of shape (n_pairs, 2)
        Numbers or flags, by their places, whose product is a column, too.
    curves : mapping of int to ndarray
        Column with long tails -> its normal scores, which are read in its place.
    components : Components or None
        Of columns that are nearly copies of each other, which are silent.
    gaps : sequence of int
        Columns with a flag for missing cells, as these tell something.
    levels : sequence of Levels
        Crowded categories, of which rows tell others of the same level, in the place of flags.
    neighbours : Neighbours or None
        Rows that tell of the rows near them, in columns of their own.
    opinion : SecondOpinion or None
        What they say of other rows beside the learner.
    """

    flags: Mapping[int, np.ndarray]
    codes: Mapping[int, np.ndarray]
    statistics: ColumnStatistics
    weights: np.ndarray
    reach: np.ndarray
    n_rows: int
    n_columns: int
    pairs: np.ndarray = field(default_factory=lambda: NO_PAIRS)
    curves: Mapping[int, np.ndarray] = field(default_factory=dict)
    components: Components | None = None
    gaps: Sequence[int] = ()
    levels: Sequence[Levels] = ()
    neighbours: Neighbours | None = None
    opinion: SecondOpinion | None = None

    @classmethod
    def measured(cls, X, y, spec: TaskSpec, categories, numbers) -> TableLayout:
        """Choose scores, flags and products of a support's columns, and measure all of them.

        Parameters
        ----------
        X : ndarray of shape (S, columns)
        y : ndarray of shape (S,)
            Numbers as the learner is told them, or the places of classes.
        spec : TaskSpec
            What the learner reads. Products are for one that is told weights of columns.
        categories : mapping of int to int
            Column of a category -> how many levels it has.
        numbers : sequence of int
            Columns that are numbers, and may be codes if they vary.

        Returns
        -------
        layout : TableLayout
        """
        targets = y.astype(np.float64) if spec.kind == "regression" else y
        statistics = support_statistics(X)
        curves = telling_scores(X, statistics, targets)
        curves = {i: curve for i, curve in curves.items() if i not in categories}
        scored, parts = _scored(X, curves), (targets, statistics, spec, categories, numbers)
        layout = cls._of_scored(scored, *parts)
        others = [*categories, *long_tailed(X, statistics)]
        asked = np.setdiff1d(varying(statistics), others).astype(int)
        components = Components.of(X, asked, statistics) if spec.weighted else None
        if components is not None:
            other = cls._of_scored(scored, *parts, components)
            opinions = layout.opinion, other.opinion
            errors = [opinion.error for opinion in opinions if opinion is not None]
            if len(errors) < 2 or errors[1] <= errors[0] + WORSE:
                layout = other
        return replace(layout, curves=curves)

    @classmethod
    def _of_scored(
        cls, X, targets, statistics, spec, categories, numbers, components=None
    ) -> TableLayout:
        """Choose flags and products where columns with long tails have their scores already."""
        vary, n_components = varying(statistics), 0
        if components is not None:
            vary, n_components = np.setdiff1d(vary, components.columns), components.basis.shape[1]
        crowded = [i for i in categories if spec.weighted and are_crowded(X[:, i])]
        # Long codes differ by less than rounding, and are silent until they have flags.
        told = [i for i, n_levels in categories.items() if n_levels > 1]
        n_columns = len(np.union1d(vary, told)) + n_components
        few = [i for i in categories if i not in crowded]
        flags, places = choose_flags(X, few, spec.n_columns - n_columns)
        maybe = np.intersect1d(vary, numbers).astype(int)
        maybe = maybe[may_be_codes(X[:, maybe])]
        span = np.nanmax(X[:, maybe], axis=0) - np.nanmin(X[:, maybe], axis=0)
        codes, places = choose_flags(X, maybe[span < CODE_SPAN].tolist(), places)
        nothing = np.ones(0)
        layout = cls(flags, codes, statistics, nothing, nothing, len(X), n_columns)
        layout = layout._with(X, components=components)
        if len(layout.seen()) == 0:  # nothing has a scale but flags of codes
            layout = layout._with(X, codes={})
        if not spec.weighted:
            return layout
        if places > 0:
            layout, places = layout._with_gaps(X, targets, places)
        if crowded:
            layout, places = layout._with_levels(X, targets, crowded, places)
        if places > 0:  # there are fewer columns than places
            layout = layout._with_pairs(X, targets, places)
        layout = layout._weighed(X, targets, spec)
        main = layout._main(X)
        rows = comparable_rows(main, layout.statistics.of(slice(main.shape[1])))
        if rows is None:
            return layout
        if places > len(layout.pairs):
            layout = layout._with_neighbours(X, targets, rows, places - len(layout.pairs), spec)
        told = np.square(layout.weights[layout._comparable])
        cells = layout.compared(X[rows], rows)
        return replace(layout, opinion=SecondOpinion.of(cells, told, targets[rows]))

    def _with_gaps(self, X, targets, places):
        """Add a flag for missing cells, where these tell something: returns places left, too."""
        gaps = telling_gaps(X, targets, places)
        if len(gaps) == 0:
            return self, places
        n_columns = self.n_columns + len(gaps)
        return self._with(X, gaps=gaps, n_columns=n_columns), places - len(gaps)

    def _with_levels(self, X, targets, crowded, places):
        """Put what rows tell of their level in the place of crowded categories, if it is something.

        As far as there are places. Returns how many are left.
        """
        flags = {**self.flags, **{i: NO_LEVELS for i in crowded}}
        layout = self._with(X, flags=flags)
        known = known_of_rows(layout.compared(X), targets)
        levels, places = telling_levels(X, crowded, known), places + len(crowded)
        levels = levels[: max(places, 0) // known.shape[1]]
        taken = known.shape[1] * len(levels)
        n_columns = self.n_columns - len(crowded) + taken
        if n_columns == 0:  # there are no others
            return self, 0
        return layout._with(X, levels=levels, n_columns=n_columns), places - taken

    def _with_pairs(self, X, targets, places):
        """Add the products of columns that tell something, as far as there are places."""
        main = self._main(X)
        statistics = self.statistics.of(slice(main.shape[1]))
        pairs = telling_pairs(main, statistics, targets, min(places, MOST_PAIRS))
        if len(pairs) == 0:
            return self
        return self._with(X, pairs=pairs)

    def _with_neighbours(self, X, targets, rows, places, spec):
        """Add what neighbours tell, if it is something, and there are places for all of it."""
        main = self._main(X)
        first = slice(main.shape[1])
        statistics, weights = self.statistics.of(first), self.weights[first]
        neighbours = telling_neighbours(main, statistics, weights, targets, rows, self.pairs)
        if neighbours is None or neighbours.n_columns > places:
            return self
        return self._with(X, neighbours=neighbours)._weighed(X, targets, spec)

    def _weighed(self, X, targets, spec):
        """Weigh columns by what they tell of the targets of a support."""
        n_seen = min(self.n_columns, spec.n_columns) + len(self.pairs)  # by one member
        if self.neighbours is not None:
            n_seen += self.neighbours.n_columns
        cells = self.laid_out(X, np.arange(len(X)))
        return replace(self, weights=column_weights(cells, self.statistics, targets, n_seen))

    def _with(self, X, **parts):
        """Lay out a support with other parts: columns that all matter alike."""
        layout = replace(self, **parts)
        cells = layout.laid_out(X, np.arange(len(X)))
        statistics = support_statistics(cells)
        if layout.components is not None:  # which say all that these columns do
            numbers = np.delete(np.arange(X.shape[1]), list(layout.flags))
            replaced = np.flatnonzero(np.isin(numbers, layout.components.columns))
            statistics.scale[replaced] = np.inf
        weights = np.ones_like(statistics.scale)
        reach = np.nan_to_num(np.abs(cells - statistics.center)).max(axis=0)
        return replace(layout, statistics=statistics, weights=weights, reach=reach)

    def settled(self) -> TableLayout:
        """Forget what only the rows of the first support need, when they were read."""
        return replace(self, levels=[replace(levels, told_own=None) for levels in self.levels])

    def laid_out(self, X, own=None):
        """Put what is made of columns behind them: (..., columns) -> (..., n_laid_out).

        Columns with long tails have their scores. A missing cell is missing in each of its flags,
        and products, and for a new level no flag is up. Codes stay beside their flags, and what is
        beyond them has the flag of the first or last: it may be a count. Rows of the first support,
        at the places ``own`` of it, are told by others what neighbours tell.
        """
        X = self.scored(X)
        parts = self._parts(X, own)
        main = parts[0]
        if self.neighbours is not None:
            rows = main.reshape(-1, main.shape[-1])
            told = self.neighbours.told(rows, None if own is None else own.ravel())
            parts.append(told.reshape(*main.shape[:-1], -1))
        for i, levels in self.codes.items():
            parts.append(flags_up(np.clip(X[..., [i]], levels[0], levels[-1]), levels))
        return np.concatenate(parts, axis=-1) if len(parts) > 1 else main

    def compared(self, X, own=None):
        """Return rows as a second opinion compares them, (n, columns) -> (n, d).

        Numbers, flags, gaps, what levels tell, and products, standardised.
        """
        cells, kept = np.concatenate(self._parts(self.scored(X), own), axis=1), self._comparable
        return standardised(cells[:, kept], self.statistics.of(kept))

    @property
    def _comparable(self):
        """Columns laid out that vary, but for what neighbours tell, and flags of codes."""
        n_others = sum(map(len, self.codes.values()))
        n_others += 0 if self.neighbours is None else self.neighbours.n_columns
        return varying(self.statistics.of(slice(len(self.statistics.scale) - n_others)))

    def _parts(self, X, own):
        """Numbers, flags, gaps, what levels tell, and products: arrays (..., columns)."""
        main = self._main(X)
        return [main, *self._beside(X, own), *self._products(main)]

    def _main(self, X):
        """Numbers, flags of categories, and components, (..., columns) -> (..., n)."""
        main = with_flags(X, self.flags)
        if self.components is None:
            return main
        return np.concatenate([main, self.components.scores(X)], axis=-1)

    def _beside(self, X, own):
        """Flags of gaps, and what rows tell others of their level: arrays (..., k)."""
        places = None if own is None else own.ravel()
        told = [levels.told(X[..., levels.column].ravel(), places) for levels in self.levels]
        parts = [of_level.reshape(*X.shape[:-1], -1) for of_level in told]
        return [np.isnan(X[..., self.gaps]).astype(np.float64), *parts] if len(self.gaps) else parts

    def _products(self, main):
        """Products of the pairs there are, from numbers and flags: arrays (..., n_pairs)."""
        if len(self.pairs) == 0:
            return []
        # Statistics begin with those of numbers and flags.
        first, second = (standardised(main[..., of], self.statistics.of(of)) for of in self.pairs.T)
        missing = np.isnan(main[..., self.pairs]).any(axis=-1)
        return [np.where(missing, np.nan, first * second)]

    def scored(self, X):
        """Put normal scores in the place of columns with long tails, (..., columns)."""
        return _scored(X, self.curves)

    def beyond_scores(self, X):
        """Which cells lie far beyond the ends of a column's scores, (..., columns).

        Farther than the quartiles are apart.
        """
        beyond = np.zeros(X.shape, dtype=bool)
        for i, (knots, scores) in self.curves.items():
            apart = np.diff(np.interp(QUARTILES, scores, knots))
            beyond[..., i] = (X[..., i] < knots[0] - apart) | (X[..., i] > knots[-1] + apart)
        return beyond

    def seen(self, flagged=()):
        """Columns that vary, with the flags of some codes in their place and others as numbers."""
        hidden: list[int] = []
        place = len(self.statistics.scale) - sum(map(len, self.codes.values()))
        for i, levels in self.codes.items():
            number = i - sum(category < i for category in self.flags)
            hidden += [number] if i in flagged else range(place, place + len(levels))
            place += len(levels)
        return np.setdiff1d(varying(self.statistics), hidden)


def _scored(X, curves):
    """See :meth:`TableLayout.scored`."""
    if curves:
        X = np.array(X, dtype=np.float64)
        for i, curve in curves.items():
            X[..., i] = np.interp(X[..., i], *curve)
    return X
