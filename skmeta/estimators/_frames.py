"""Frames as tables of numbers: what their columns hold, and how later frames are written alike."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class FrameColumns(NamedTuple):
    """What the columns of a first frame hold.

    levels : list
        For each column its levels, or None for numbers and times.
    nominal : list of int
        Columns of text, or of categories without order.
    plain : list of int
        Columns that are neither categories nor times.
    """

    levels: list[Any]
    nominal: list[int]
    plain: list[int]

    @classmethod
    def of(cls, frame, named) -> FrameColumns:
        """Look at a frame; columns of text at the places ``named`` are categories in any case."""
        columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
        levels = [_levels(column, i in named) for i, column in enumerate(columns)]
        nominal = [
            i
            for i, known in enumerate(levels)
            if known is not None and not getattr(columns[i].dtype, "ordered", False)
        ]
        plain = [i for i, known in enumerate(levels) if known is None and not _is_time(columns[i])]
        return cls(levels, nominal, plain)


def in_numbers(frame, levels=None):
    """Write a frame in numbers.

    Parameters
    ----------
    frame : DataFrame
    levels : list, optional
        Those of the first frame's columns. A cell of one with levels becomes the number of its
        level, NaN where it is missing or new. By default no column has any.

    Returns
    -------
    numbers : DataFrame of float
        Times are in seconds.

    Raises
    ------
    ValueError
        If a column without levels holds text that is no number, or complex numbers.
    """
    import pandas as pd

    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    known = [None] * len(columns) if levels is None else levels
    cells = [_cells(column, known) for column, known in zip(columns, known, strict=True)]
    return pd.DataFrame(np.column_stack(cells), columns=frame.columns, index=frame.index)


def _levels(column, named):
    """Levels that a column has, or None for one of numbers or times."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = column.cat if column.cat.ordered else column.cat.remove_unused_categories().cat
        return list(categories.categories)
    if pd.api.types.is_numeric_dtype(column) or _is_time(column):
        return None
    known = column.dropna()
    if not named and len(known):
        try:
            pd.to_numeric(known)
            return None
        except (TypeError, ValueError):
            pass
    return sorted(known.unique(), key=str)


def _is_time(column):
    from pandas.api.types import is_datetime64_any_dtype, is_timedelta64_dtype

    return is_datetime64_any_dtype(column) or is_timedelta64_dtype(column)


def _cells(column, levels):
    """Write a column of a frame as floats."""
    import pandas as pd

    if levels is not None:
        codes = {level: code for code, level in enumerate(levels)}
        return column.astype(object).map(codes).to_numpy(dtype=np.float64, na_value=np.nan)
    if _is_time(column):
        span = pd.api.types.is_timedelta64_dtype(column)
        times = column.to_numpy("timedelta64[us]" if span else "datetime64[us]")
        return np.where(np.isnat(times), np.nan, times.astype(np.int64) / 1e6)
    if column.dtype.kind == "c":
        raise ValueError("Complex data not supported: a column of X holds complex numbers.")
    try:
        return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except ValueError as error:
        raise ValueError(f"{error} of column {column.name!r}: it held numbers at first.") from None
