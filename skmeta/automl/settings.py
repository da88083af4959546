"""What of an estimator is worth searching, said once for all toolkits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skmeta.estimators import InContextClassifier, InContextRegressor

KINDS = {"classification": InContextClassifier, "regression": InContextRegressor}


class Setting(NamedTuple):
    """One parameter of an estimator, and the values to try.

    name : str
    values : tuple
        The estimator's default, then others from the least to the largest.
    """

    name: str
    values: tuple


MEMBERS = Setting("n_members", ("auto", 1, 2, 3, 4, 6, 8))
PASSES = Setting("n_passes", (1, 2))
TEMPERATURE = Setting("temperature", ("auto", 0.4, 0.6, 0.8, 1.0, 1.4, 2.0))

ALL_SETTINGS = (MEMBERS, PASSES, TEMPERATURE)
SETTINGS: dict[str, tuple[Setting, ...]] = {
    "classification": ALL_SETTINGS,
    "regression": (MEMBERS, PASSES),
}


def kind_of(estimator) -> str:
    """Return "classification" or "regression" for an estimator, its class, or that word.

    Raises
    ------
    ValueError
        If it is neither of the two estimators.
    """
    for kind, cls in KINDS.items():
        if estimator == kind or estimator is cls or isinstance(estimator, cls):
            return kind
    raise ValueError(
        "estimator must be InContextClassifier, InContextRegressor, 'classification' or "
        f"'regression', got {estimator!r}. For a step of a pipeline pass that step, and "
        "prefix='step__'."
    )


def parameters_of(drawn) -> dict[str, Any]:
    """Return an estimator's parameters for drawn ones. Members are the same in each run.

    Parameters
    ----------
    drawn : mapping of str

    Returns
    -------
    parameters : dict
        As :func:`plain` returns them, with a ``random_state`` if none was drawn.
    """
    return {"random_state": 0, **plain(drawn)}


def plain(parameters) -> dict[str, Any]:
    """Return parameters with NumPy's numbers and strings as Python's, and settings as they are.

    Toolkits draw ``numpy.int64``, ``numpy.str_`` and the like, which JSON does not know, and FLAML
    writes numbers as text where they stand beside "auto".

    Parameters
    ----------
    parameters : mapping of str

    Returns
    -------
    parameters : dict
    """
    # Text stays the very object that it was, which clone asks for.
    written = {
        name: {str(value): value for value in values if not isinstance(value, str)}
        for name, values in ALL_SETTINGS
    }
    found = {
        str(name): value.item() if isinstance(value, np.generic) else value
        for name, value in parameters.items()
    }
    return {
        name: written.get(name, {}).get(value, value) if isinstance(value, str) else value
        for name, value in found.items()
    }
