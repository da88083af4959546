"""Recipes: everything that makes a shipped learner, in one TOML file.

::

    name = "lstm-quadratic"
    description = "..."
    limits = "..."

    [trainer]                 # parameters of MetaTrainer
    memory = {type = "lstm", n_units = 32}
    n_steps = 100_000

    [[tasks]]                 # one family, or a curriculum: n_batches each but the last
    family = "quadratic"
    n_steps = 50

    [validation]              # held-out tasks, optional
    [test]                    # tasks for the card's figures, optional
"""

from __future__ import annotations

import inspect
import platform
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from skmeta._version import __version__
from skmeta.artifacts import MEMORIES, PRETRAINED, build
from skmeta.networks import Learner
from skmeta.tasks import (
    BooleanTasks,
    Curriculum,
    GaussianProcessTasks,
    OmniglotTasks,
    QuadraticTasks,
    SemilinearTasks,
    SineTasks,
    TaskFamily,
)
from skmeta.training.evaluation import accuracy_by_instance, error_by_shots, mean_score
from skmeta.training.trainer import MetaTrainer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FAMILIES: dict[str, type[TaskFamily]] = {
    "boolean": BooleanTasks,
    "gaussian-process": GaussianProcessTasks,
    "omniglot": OmniglotTasks,
    "quadratic": QuadraticTasks,
    "semilinear": SemilinearTasks,
    "sine": SineTasks,
}
TEST_EPISODES = 1_000
TEST_SHOTS = (1, 2, 3, 5, 10, 20, 35)
LICENCE = "BSD-3-Clause"


class RecipeError(ValueError):
    """A recipe has an unknown key, lacks one, or holds a value that does not fit."""


@dataclass(frozen=True)
class Recipe:
    """A parsed recipe; tasks are built when asked for.

    Parameters
    ----------
    name : str
        Name of the learner.
    trainer : dict
        Parameters of MetaTrainer.
    tasks : list of dict
        A family and its options each; more than one make a curriculum.
    validation, test : dict, optional
        A family and its options.
    description, limits : str
        On what the learner was trained, and where it fails: for its card.
    """

    name: str
    trainer: dict[str, Any]
    tasks: list[dict[str, Any]]
    validation: dict[str, Any] | None = None
    test: dict[str, Any] | None = None
    description: str = ""
    limits: str = ""

    def make_tasks(self) -> TaskFamily:
        """Return the family to train on, a :class:`Curriculum` if there are stages."""
        stages = []
        for options in self.tasks:
            options = dict(options)
            n_batches = options.pop("n_batches", 1)
            stages.append((n_batches, make_family(options)))
        return stages[0][1] if len(stages) == 1 else Curriculum(stages)

    def make_trainer(self, **overrides) -> MetaTrainer:
        """Return the MetaTrainer, with some parameters replaced."""
        options = {**self.trainer, **overrides}
        _check_keys("trainer", options, MetaTrainer._get_param_names())
        if isinstance(options.get("memory"), dict):
            options["memory"] = build(MEMORIES, options["memory"])
        return MetaTrainer(**options)

    def train(self, **overrides) -> tuple[Learner, MetaTrainer]:
        """Meta-train, evaluate on the test tasks, and write the card.

        Parameters
        ----------
        **overrides
            Parameters of MetaTrainer that differ from the recipe's.

        Returns
        -------
        learner : Learner
            With name, description, scores and versions on its card.
        trainer : MetaTrainer
            The fitted trainer.
        """
        trainer = self.make_trainer(**overrides)
        held_out = make_family(self.validation) if self.validation else None
        trainer.fit(self.make_tasks(), validation_tasks=held_out)
        learner = trainer.learner_
        card = {
            "name": self.name,
            "description": self.description,
            "limits": self.limits,
            "licence": LICENCE,
            "tasks": self.tasks,
            **learner.card,
            "versions": versions(),
        }
        if self.test:
            card["test"] = self.test
            card["scores"] = scores(learner, make_family(self.test))
        return Learner(learner.network, learner.weights, card), trainer


def load_recipe(recipe) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    recipe : str or path-like
        Path of a TOML file, or name of a shipped learner.

    Returns
    -------
    recipe : Recipe

    Raises
    ------
    RecipeError
        If the file is missing, no TOML, or has unknown or missing keys.
    """
    path = Path(recipe)
    if path.suffix != ".toml":
        path = PRETRAINED / f"{recipe}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        shipped = sorted(p.stem for p in PRETRAINED.glob("*.toml"))
        raise RecipeError(
            f"There is no recipe {str(recipe)!r}: give a .toml file, or one of {shipped}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is no TOML file: {error}.") from None
    known = [field.name for field in fields(Recipe)]
    _check_keys(str(path), content, known, required=("name", "trainer", "tasks"))
    made = Recipe(**content)
    made.make_trainer()
    for options in [*made.tasks, made.validation, made.test]:
        if options is not None:
            _family_class(options, extra=("n_batches",))
    return made


def make_family(options: dict[str, Any]) -> TaskFamily:
    """Build a family of tasks from {"family": name, option: value, ...}.

    Raises
    ------
    RecipeError
        If the family or an option is unknown.
    """
    options = dict(options)
    family = _family_class(options)
    del options["family"]
    return family(**options)


def _family_class(options, extra=()):
    name = options.get("family")
    if name not in FAMILIES:
        raise RecipeError(f"Unknown family {name!r}: expected one of {sorted(FAMILIES)}.")
    known = [*inspect.signature(FAMILIES[name]).parameters, "family", *extra]
    _check_keys(f"family {name!r}", options, known)
    return FAMILIES[name]


def _check_keys(where, options, known, required=()):
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise RecipeError(f"Unknown key {unknown[0]!r} in {where}: expected {sorted(known)}.")
    missing = [key for key in required if key not in options]
    if missing:
        raise RecipeError(f"Missing key {missing[0]!r} in {where}.")


def scores(learner: Learner, family: TaskFamily, *, n_episodes=TEST_EPISODES, seed=0) -> dict:
    """Return a learner's figures on test tasks, as plain data for its card.

    Parameters
    ----------
    learner : Learner
    family : TaskFamily
    n_episodes : int, default=1000
    seed : int, default=0

    Returns
    -------
    scores : dict
        Log-likelihood in nats a step; accuracy by instance, or mean squared
        error by number of shots; half widths of 95 % intervals.
    """
    found: dict[str, Any] = {
        "episodes": n_episodes,
        "seed": seed,
        "nats_a_step": mean_score(learner, family, n_episodes, seed=seed),
    }
    if family.spec.kind == "classification":
        result = accuracy_by_instance(learner, family, n_episodes=n_episodes, seed=seed)
        found["accuracy_by_instance"] = np.round(result.accuracy, 4).tolist()
        found["interval"] = np.round(result.interval, 4).tolist()
    elif hasattr(family, "evaluation_problems"):
        errors = error_by_shots(learner, family, TEST_SHOTS, n_tasks=n_episodes, seed=seed)
        found["shots"] = errors.shots.tolist()
        found["mean_squared_error"] = [float(f"{e:.3g}") for e in errors.error]
        found["interval"] = [float(f"{e:.3g}") for e in errors.interval]
    return found


def versions() -> dict[str, str]:
    """Return the versions that a figure depends on."""
    import keras
    import sklearn

    return {
        "skmeta": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "machine": platform.machine(),
    }
