"""A node for TPOT's search spaces."""

from __future__ import annotations

from skmeta.automl.settings import KINDS, SETTINGS, parameters_of

try:
    from ConfigSpace import Categorical, ConfigurationSpace
    from tpot.search_spaces.nodes import EstimatorNode
except ImportError as error:
    raise ImportError(
        "skmeta.automl.tpot needs TPOT 1: pip install skmeta[tpot] (in a clone: '.[tpot]')."
    ) from error

# TPOT's words for kinds of estimators.
GROUPS = {"classifiers": "classification", "regressors": "regression"}


def search_space(group: str) -> EstimatorNode:
    """Return a node that stands for the estimator with all its settings.

    Parameters
    ----------
    group : {"classifiers", "regressors"}

    Returns
    -------
    node : tpot.search_spaces.nodes.EstimatorNode
        Alone, in a ``ChoicePipeline`` beside other nodes, or as a step of a pipeline.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    if group not in GROUPS:
        raise ValueError(f"group must be one of {sorted(GROUPS)}, got {group!r}.")
    kind = GROUPS[group]
    space = ConfigurationSpace()
    for name, values in SETTINGS[kind]:
        space.add(Categorical(name, list(values), default=values[0]))
    return EstimatorNode(KINDS[kind], space, hyperparameter_parser=parameters_of)
