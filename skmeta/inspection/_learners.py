"""The learner that a display is about."""

from __future__ import annotations

from pathlib import Path

from skmeta.artifacts import load_learner
from skmeta.networks import Learner


def learner_for(learner, family) -> Learner:
    """Load a learner and see that it was trained on tasks that look like these.

    Parameters
    ----------
    learner : str, path-like or Learner
    family : TaskFamily

    Returns
    -------
    learner : Learner

    Raises
    ------
    ArtifactError
        If the learner cannot be loaded.
    ValueError
        If rows or targets of the tasks are not those of the learner.
    """
    learner = load_learner(learner)
    if learner.spec != family.spec:
        raise ValueError(
            f"The learner was trained on {learner.spec}, the tasks are {family.spec}. "
            "Choose tasks of the learner's kind, sizes and number of classes."
        )
    return learner


def name_of(learner) -> str:
    """Return the name of a learner given as in :func:`learner_for`."""
    if not isinstance(learner, Learner):
        return Path(learner).stem
    return str(learner.card.get("name", type(learner.network.memory).__name__))
