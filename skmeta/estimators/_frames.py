"""Frames as tables of numbers: what their columns hold, and how later frames are written alike."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time, timedelta
from numbers import Number
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skmeta.columns import LEAST_FENCED, times_as_numbers
from skmeta.estimators._warnings import warn_once

# 2026-11-25, and with a time behind it.
ISO_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d(\s*$|[ T]\d\d:)")
# A time of day, a span since midnight: 08:30, 8:30:05.5.
CLOCK = re.compile(r"\s*\d{1,2}:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?\s*")
NUMBER = re.compile(r"\s*[-+]?\.?\d")
# 25.11.2026, 11/25/26, 2026/11/25: in the first two nobody says which is the month.
OTHER_DATE = re.compile(
    r"(\d{1,2}([./-])\d{1,2}\2(\d\d|\d{4})|\d{4}([./])\d{1,2}\4\d{1,2})($|[ T])"
)
# -52 %, $1,200, 20,1, 70 kg, 9 km/h: what stands before the number, the number, and its unit.
SIGNS = r"[$€£¥₹₩₽~<>≤≥±]{0,2}"
WRITTEN_NUMBER = re.compile(
    rf"[-+−]?({SIGNS})\s?"
    r"([-+−]?(?:\d{1,3}([.,'\u00a0\u202f])\d{3}(?:\3\d{3})*|\d+)(?:(?!\3)[.,]\d+)?)"
    r"\s?((?!(?:st|nd|rd|th)$)(?:[%‰°$€£¥₹₩₽+]{0,2}|[^\W\d_]+/?[^\W\d_]+|(?<=\s)[^\W\d_]))"
)
PLAIN_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
# A column is numbers or dates where so large a share of its known cells is, or where at least so
# large a share is and all others are one text, and such as stand for missing cells.
MOST, MOST_BUT_ONE = 0.9, 0.5
MISSING_TEXT = re.compile(
    r"\W*|n\W?a\W?|nan|null|none|nil|unk(nown)?|missing|not \w+", re.IGNORECASE
)
FEW_NUMBERS = 10
# How text begins that is of a kind, and what else is.
LOOKS: dict[str, tuple[re.Pattern[str], Any]] = {
    "numbers": (NUMBER, Number),
    "times": (ISO_DATE, date),
    "spans of time": (CLOCK, (time, timedelta)),
}


@dataclass(frozen=True)
class FrameColumn:
    """What a column of a first frame holds.

    kind : {"numbers", "times", "spans of time", "levels"}
    levels : list
        Of a column of that kind. One without a known cell has none.
    nominal : bool
        Whether it is a category without order.
    written : bool
        Whether numbers or times were written as text: in later rows there may be other text.
    mixed : bool
        Whether it has other cells than numbers or times, which are missing.
    looks_like : (str, str), optional
        What its levels, no declared categories, may be but for how they are written, "dates" or
        "numbers", and one of them.
    """

    kind: str = "numbers"
    levels: Any = ()
    nominal: bool = False
    written: bool = False
    mixed: bool = False
    looks_like: tuple[str, str] | None = None

    @classmethod
    def of(cls, column, named=False) -> FrameColumn:
        """Look at a column. A category, if ``named``: its text may be digits.

        Raises
        ------
        ValueError
            If its cells are none of this, such as lists.
        """
        import pandas as pd

        if not named and _are_numbers(column) and column.notna().any():
            return cls()
        if isinstance(column.dtype, pd.CategoricalDtype):
            if column.cat.ordered:
                return cls("levels", list(column.cat.categories))
            used = column.cat.remove_unused_categories().cat.categories
            return cls("levels", _sorted(used), True)
        known = column.dropna()
        cells = _inferred(known, dates=not named)
        kind, written = _kind(cells), pd.api.types.infer_dtype(known) == "string"
        if len(cells) and kind in ("times", "spans of time"):
            return cls(kind, written=written)
        if len(cells) and not (named and _needs_levels(cells)):
            if kind == "numbers":
                return cls()
            try:
                pd.to_numeric(cells)
                return cls(written=written)
            except (TypeError, ValueError):
                pass
        try:
            codes, levels = pd.factorize(cells.to_numpy(dtype=object))
        except (TypeError, NotImplementedError) as error:  # no hash
            raise ValueError(
                f"Cells of column {called(column.name)} of X must be numbers, text, times or "
                f"missing ({error})."
            ) from None
        counts = np.bincount(codes, minlength=len(levels))
        for kind in () if named else ("numbers", "times", "spans of time"):
            if _are_mostly(kind, levels, counts):
                return cls(kind, mixed=True)
        levels = sorted(levels, key=_name_and_type)
        return cls("levels", levels, True, looks_like=None if named else _looks_like(levels))


@dataclass(frozen=True)
class Frame:
    """What a first frame holds, and all later rows are to hold.

    names : list
        Of its columns.
    columns : list of FrameColumn
    """

    names: Any
    columns: Any

    @classmethod
    def of(cls, frame, named) -> Frame:
        """Look at a frame, of which the columns ``named`` are categories."""
        columns = [FrameColumn.of(frame.iloc[:, i], i in named) for i in range(frame.shape[1])]
        return cls(list(frame.columns), columns)

    @property
    def nominal(self):
        """Places of the categories without order."""
        return [i for i, column in enumerate(self.columns) if column.nominal]

    @property
    def plain(self):
        """Whether it holds nothing but numbers."""
        return all(column == FrameColumn() for column in self.columns)


def named_columns(asked, n_columns, names):
    """Return the columns that a user calls categories, as indices.

    Parameters
    ----------
    asked : "from_dtype", None or array-like
        A mask, indices or names. The first names none.
    n_columns : int
    names : list
        Of the columns of a frame; empty for an array.

    Raises
    ------
    ValueError
        If it is none of this.
    """
    if asked is None or isinstance(asked, str):
        return []
    asked, columns = np.asarray(asked), np.arange(n_columns)
    if asked.dtype == bool and asked.shape == columns.shape:
        return np.flatnonzero(asked)
    if asked.size == 0 or (asked.dtype.kind in "iu" and np.isin(asked, columns).all()):
        return np.unique(asked.astype(int))
    texts = asked.ndim == 1 and all(isinstance(name, str) for name in asked.tolist())
    unknown = set(asked.tolist()) - set(names) if texts else set()
    if texts and names and not unknown:
        return sorted({names.index(name) for name in asked.tolist()})
    if unknown and names:
        raise ValueError(f"categorical_features: {sorted(unknown)} are no columns of {names}.")
    raise ValueError(
        f"categorical_features must be 'from_dtype', None, a mask of {n_columns} columns, "
        f"their indices, or names of a frame's columns; got {asked.tolist()!r}."
    )


def refuse_others(X):
    """Tell of what holds no rows: a lazy frame, a mapping, or a sparse matrix, which is not read.

    Raises
    ------
    TypeError
        If it is one.
    """
    if hasattr(X, "collect") and hasattr(X, "collect_schema"):
        raise TypeError("X is a LazyFrame: pass X.collect().")
    if issparse(X):
        raise TypeError(
            "Sparse data was passed for X, but dense data is required. Use X.toarray(); of a "
            "OneHotEncoder ask for sparse_output=False, or leave it out; behind a TfidfVectorizer "
            "put a TruncatedSVD."
        )
    if isinstance(X, Mapping):
        raise TypeError("X is a mapping: pass pandas.DataFrame(X).")


def of_pandas(frame):
    """Return a frame of polars as one of pandas, without pyarrow, and anything else as it is.

    Raises
    ------
    ImportError
        If there is no pandas.
    """
    if not hasattr(frame, "get_columns"):
        return frame
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "Frames of polars are read as those of pandas: pip install pandas, or pass X.to_numpy()"
            " if all of it is numbers."
        ) from error

    def cells(column):
        kind = str(column.dtype.base_type())
        if kind not in ("Categorical", "Enum"):
            return column.to_list()
        ordered = kind == "Enum"
        levels = column.dtype.categories.to_list() if ordered else None  # those that there are
        return pd.Categorical(column.to_list(), levels, ordered)

    return pd.DataFrame({column.name: cells(column) for column in frame.get_columns()})


def in_numbers(frame, first, warned, learnt):
    """Write a frame in numbers.

    Parameters
    ----------
    frame : DataFrame
    first : Frame or None
        What the first one held; None for numbers.
    warned : set
        What was told of cells, and is not again: it is added to.
    learnt : bool
        Whether the rows are learnt: then what they lose is lost for good.

    Returns
    -------
    numbers : DataFrame of float
        Times are in seconds, levels are their places in the list, NaN where missing or new.

    Raises
    ------
    ValueError
        If a column holds something else than in the first frame, or complex numbers.
    """
    import pandas as pd

    columns = [FrameColumn()] * frame.shape[1] if first is None else first.columns
    cells = [_cells(frame.iloc[:, i], column, warned, learnt) for i, column in enumerate(columns)]
    return pd.DataFrame(np.column_stack(cells), columns=frame.columns, index=frame.index)


def array_in_numbers(X, first, warned, learnt):
    """Write an array in numbers, as a frame that came first; others stay as they are.

    Masked cells are missing ones.

    Parameters
    ----------
    X : array-like
    first : Frame or None
    warned : set
    learnt : bool
        See :func:`in_numbers`.

    Raises
    ------
    TypeError, ValueError
        If it holds times, records or text, and no frame said what that means.
    """
    if not isinstance(X, (np.ndarray, list, tuple)) and not hasattr(X, "columns"):
        return X
    X = unmasked(X)
    cells = np.asarray(X)
    told = first is not None and cells.shape[1:] == (len(first.columns),)
    if told and (cells.dtype.kind in "OmM" or not first.plain):
        return in_numbers(framed(X, first), first, warned, learnt).to_numpy()
    if cells.dtype.kind in "OU":
        try:
            cells.astype(np.float64)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError  # as scikit-learn's
            raise kind(
                f"{str(error).rstrip('.')}. Text, categories and times are read in a DataFrame, "
                "which says what each column holds. Transformers before this step pass frames "
                "on after set_output(transform='pandas'); estimators around it that pass "
                "arrays, such as BaggingClassifier, need an encoder before them."
            ) from None
    if cells.dtype.kind in "mM":  # in seconds, as times of frames are; NaT is missing
        return times_as_numbers(cells)
    return cells if isinstance(X, (list, tuple)) else X


def framed(X, first):
    """Return an array as a frame with the names of a first one."""
    import pandas as pd

    X = unmasked(X)
    cells = np.asarray(X)
    if not isinstance(X, np.ndarray) and cells.dtype.kind not in "mM":
        # A list of numbers and text would be all text; times as objects may be integers.
        cells = np.asarray(X, dtype=object)
    return pd.DataFrame(cells, columns=first.names)


def below(first, later):
    """Put rows below others: two arrays, or two frames of the same columns."""
    if isinstance(first, np.ndarray):
        return np.concatenate([first, later])
    import pandas as pd

    later = later.set_axis(first.columns, axis=1)
    columns = {}
    with warnings.catch_warnings():  # columns of missing cells alone have no say in the type
        warnings.simplefilter("ignore", FutureWarning)
        for i in range(first.shape[1]):
            columns[i] = _column_below(first.iloc[:, i], later.iloc[:, i])
    return pd.DataFrame(columns).set_axis(first.columns, axis=1)


def _column_below(first, later):
    """Put a column below another. A category stays one, with the levels of both."""
    import pandas as pd

    if isinstance(first.dtype, pd.CategoricalDtype):
        levels = first.cat.categories
        if not first.cat.ordered:  # an ordered one knows all its levels
            known = pd.Index(later.dropna().astype(object).unique())
            levels = levels.append(known[~known.isin(levels)].infer_objects())
        if levels.dtype == first.cat.categories.dtype:
            cells = [column.astype(object) for column in (first, later)]
            both = pd.concat(cells, ignore_index=True)
            return both.where(both.isin(levels)).astype(
                pd.CategoricalDtype(levels, first.cat.ordered)
            )
    return pd.concat([first, later], ignore_index=True)


def unmasked(X):
    """Return a masked array with NaN where it is masked, and anything else as it is."""
    return np.ma.filled(X.astype(object), np.nan) if isinstance(X, np.ma.MaskedArray) else X


def called(name):
    """What to call a column in a message: 'town', or 3."""
    return repr(name.item() if isinstance(name, np.generic) else name)


def _needs_levels(cells):
    """Whether the cells of a category are not told by their numbers: text, or long integers."""
    from pandas.api.types import is_numeric_dtype

    return not is_numeric_dtype(cells) or cells.nunique() > cells.astype(float).nunique()


def _inferred(column, dates=True):
    """Return a column as what its cells are: categories unwrapped, periods and dates as times.

    With ``dates``, text is dates where all of it is written as ISO 8601 has it, and times of day
    where all of it is such; those are spans since midnight.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    column = column.where(column.notna())
    with suppress(OverflowError):  # huge integers: what they are is found out later
        column = column.infer_objects()
    held = pd.api.types.infer_dtype(column, skipna=True)
    if held == "period":
        periods = pd.PeriodIndex(column)
        return pd.Series(periods.to_timestamp(), column.index, name=column.name)
    if held == "string" and dates:
        known = column.dropna()
        for written, pattern in (("date", ISO_DATE.match), ("time", CLOCK.fullmatch)):
            if len(known) and all(map(pattern, known)):  # most text is told by its first cell
                held, column = written, column.str.strip()
    if held == "time" and dates:
        spans = _since_midnight(column)
        return spans if spans.notna().sum() == column.notna().sum() else column  # of time zones
    if held in ("date", "datetime"):
        with suppress(ValueError, TypeError):  # beyond what pandas counts in
            return pd.to_datetime(column, utc=True, format="ISO8601")
    return column


def _since_midnight(column):
    """Times of day, or text, as spans of time, and spans as they are; the rest is missing."""
    import pandas as pd

    is_span = column.map(lambda cell: isinstance(cell, timedelta)).astype(bool)
    texts = column.where(column.notna()).astype(object).map(str, na_action="ignore")
    texts = texts.where(texts.str.fullmatch(CLOCK).eq(True)).str.strip()
    texts = texts.where(texts.str.count(":") != 1, texts + ":00")
    return pd.to_timedelta(column.astype(object).where(is_span, texts))


def _sorted(levels):
    """Return levels in an order of their own, not that in which they came or were declared."""
    if all(isinstance(level, (str, Number)) for level in levels):
        with suppress(TypeError):  # numbers beside text
            return sorted(levels)
    return sorted(levels, key=_name_and_type)


def _name_and_type(level):
    return str(level), type(level).__name__


def _are_numbers(column):
    """Whether NumPy holds a column as numbers."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"


def _kind(column):
    """Times, spans of time, numbers, or text, which may still be digits."""
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype, is_timedelta64_dtype

    if is_datetime64_any_dtype(column):
        return "times"
    if is_timedelta64_dtype(column) or getattr(column.dtype, "kind", "") == "m":  # of pyarrow
        return "spans of time"
    return "numbers" if is_numeric_dtype(column) else "text"


def _cells(column, first, warned, learnt):
    """Write a column of a frame as floats; ``first`` is what it held at first."""
    import pandas as pd

    if first.kind == "levels":
        codes = {level: code for code, level in enumerate(first.levels)}
        try:
            places = np.array([codes.get(cell, np.nan) for cell in column], dtype=np.float64)
        except TypeError as error:  # no hash
            raise ValueError(f"Column {called(column.name)} of X: {error}.") from None
        lost = np.isnan(places)
        new = column[lost & column.notna().to_numpy(dtype=bool)] if lost.any() else column[:0]
        if first.levels and lost.all() and len(new):
            at_first = pd.Series(first.levels, dtype=object)
            kind, held = (_kind(_inferred(cells, dates=False)) for cells in (column, at_first))
            mixed = pd.api.types.infer_dtype(at_first).startswith(("mixed", "decimal"))
            if kind != held and not mixed:
                raise ValueError(
                    f"Column {called(column.name)} of X holds {kind}, it held {held} at first."
                )
        _warn_of_new(new, first.levels, lost.all(), warned, learnt)
        return places
    if first.kind == "numbers" and not first.mixed and _are_numbers(column):
        return column.to_numpy(dtype=np.float64)
    column = _parsed(column, first.kind, warned, learnt) if first.mixed else _inferred(column)
    if column.isna().all():
        return np.full(len(column), np.nan)
    kind = _kind(column)
    if first.written and kind == "text":
        column, kind = _parsed(column, first.kind, warned, learnt), first.kind
    if kind != first.kind and not (kind == "text" and first.kind == "numbers"):
        raise ValueError(
            f"Column {called(column.name)} of X holds {kind}, it held {first.kind} at first."
        )
    if kind in ("times", "spans of time"):
        unit = "datetime64[us]" if kind == "times" else "timedelta64[us]"
        return times_as_numbers(column.to_numpy(unit))
    try:
        numbers = pd.to_numeric(column)
        if numbers.dtype.kind != "c":
            return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{error} of column {called(column.name)}: it held numbers at first."
        ) from None
    raise ValueError(f"Complex data not supported: column {called(column.name)} of X holds it.")


def _warn_of_new(new, levels, all_new, warned, learnt):
    """Warn of cells that are no level of the first rows, where that tells of an oversight."""
    if not len(new):
        return
    known = {level.strip().casefold(): level for level in levels if isinstance(level, str)}
    plain = {cell: cell.strip().casefold() for cell in new.unique() if isinstance(cell, str)}
    twin = next((cell for cell in plain if plain[cell] in known), None)
    if twin is not None:  # but for case and blanks
        warn_once(
            warned,
            ("twin", new.name, learnt),
            f"{called(twin)} in column {called(new.name)} of X is read as missing: the first rows "
            f"had {called(known[plain[twin]])}.",
        )
    elif len(levels) < 2:
        held = f"nothing but {called(levels[0])}" if levels else "no known cell"
        warn_once(
            warned,
            ("one level", new.name, learnt),
            f"Column {called(new.name)} of X held {held} in the first rows: what else it holds is "
            "read as missing.",
        )
    elif learnt:
        warn_once(
            warned,
            ("learnt", new.name),
            f"Column {called(new.name)} of X holds levels that the first rows did not, such as "
            f"{called(new.iloc[0])}: they are read as missing. Begin with rows that have them, or "
            "call fit on all.",
        )
    elif all_new and len(new) >= LEAST_FENCED:
        warn_once(
            warned,
            ("levels", new.name),
            f"All {len(new)} cells of column {called(new.name)} of X are new, such as "
            f"{called(new.iloc[0])}, and are read as missing: the first rows had "
            f"{called(levels[0])} and others.",
        )


def _are_mostly(kind, levels, counts):
    """Whether cells are of a kind but for a few of them, one text, or missing ones.

    Few cells do not tell, and few numbers again and again are codes beside others.
    """
    import pandas as pd

    maybe = np.array([_may_be(kind, level) for level in levels], dtype=bool)
    if counts[maybe].sum() < MOST_BUT_ONE * counts.sum():
        return False
    known = _as_far_as(pd.Series(levels, dtype=object), kind).notna().to_numpy(dtype=bool)
    n_found = counts[known].sum()
    codes = kind == "numbers" and known.sum() <= min(FEW_NUMBERS, n_found / 2)
    if n_found < LEAST_FENCED or codes:
        return False
    telling = [
        level
        for level in levels[~known]
        if not (isinstance(level, str) and MISSING_TEXT.fullmatch(level.strip()))
    ]
    return n_found >= (MOST_BUT_ONE if len(telling) <= 1 else MOST) * counts.sum()


def _looks_like(levels):
    """What levels may be, but for how they are written: ("dates" or "numbers", one), or None."""
    texts = [level for level in levels if isinstance(level, str)]
    by_unit: dict[Any, list[str]] = {}
    for text in texts:
        if number := WRITTEN_NUMBER.fullmatch(text):
            by_unit.setdefault(number.group(1, 4), []).append(text)
    numbers = max(by_unit.values(), key=len, default=[])
    if all(map(PLAIN_NUMBER.fullmatch, numbers)):  # beside other text
        numbers = []
    dates = [text for text in texts if OTHER_DATE.match(text)]
    kind, found = ("dates", dates) if len(dates) >= len(numbers) else ("numbers", numbers)
    return (kind, found[0]) if len(found) >= max(3, MOST * len(levels)) else None


def _may_be(kind, cell):
    """Whether a cell looks like a number, a time, or a time of day."""
    pattern, made = LOOKS[kind]
    return bool(pattern.match(cell)) if isinstance(cell, str) else isinstance(cell, made)


def _as_far_as(column, kind):
    """Read what there is of numbers, times or times of day in a column; the rest is missing."""
    import pandas as pd

    if kind == "numbers":
        # As objects: a time among them is no number.
        numbers = pd.to_numeric(column.astype(object), errors="coerce").astype(np.float64)
        return numbers.where(np.isfinite(numbers))
    if kind == "spans of time":
        return column if _kind(column) == kind else _since_midnight(column)
    column = column.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    dates = column.where(column.astype(str).str.match(ISO_DATE))  # not "now", nor "2026"
    return pd.to_datetime(dates, utc=True, format="ISO8601", errors="coerce")


def _parsed(column, kind, warned, learnt):
    """Read a column as numbers or times, as the first rows were; what is neither is missing."""
    parsed = _as_far_as(column, kind)
    lost = column[parsed.isna() & column.notna()]
    if len(lost):
        warn_once(
            warned,
            ("lost", column.name, learnt),
            f"Column {called(column.name)} of X is read as {kind}, by what most of its first cells "
            f"are; {len(lost)} of {len(column)} cells, such as {called(lost.iloc[0])}, are none, "
            "and are read as missing. If it is a category, make it one: astype('category').",
        )
    return parsed
