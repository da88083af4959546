"""Recipes: everything that makes a shipped learner, in one TOML file.

::

    name = "lstm-quadratic"
    description = "..."
    limits = "..."

    [trainer]                 # parameters of MetaTrainer
    memory = {type = "lstm", n_units = 32}
    n_steps = 100_000

    [[tasks]]                 # one family; with n_batches in each but the last a curriculum;
                              # without, one batch of each in turn
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
from skmeta.artifacts import ENCODERS, MEMORIES, PRETRAINED, SUFFIX, ArtifactError, load_learner
from skmeta.networks import Learner
from skmeta.tasks import (
    BooleanTasks,
    Curriculum,
    GaussianProcessTasks,
    OmniglotTasks,
    QuadraticTasks,
    SemilinearTasks,
    SineTasks,
    TableTasks,
    TaskFamily,
)
from skmeta.tasks._base import check_size
from skmeta.tasks.tables import TableFamily
from skmeta.training.evaluation import (
    accuracy_by_instance,
    error_by_shots,
    gap_to_oracle,
    mean_score,
    score_by_rows,
)
from skmeta.training.progress import testing
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
    "tables": TableTasks,
}
TEST_EPISODES = 1_000
TEST_ROWS = (5, 10, 20, 50, 100)
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
        A family and its options each. Several with ``n_batches`` make a curriculum, without
        they take turns.
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

    def make_tasks(self) -> list[TaskFamily]:
        """Return the families to train on, or one :class:`Curriculum` if they are its stages.

        Raises
        ------
        RecipeError
            If a family is unknown, an option does not fit, or stages differ in their spec.
        """
        lengths = [options.get("n_batches", 1) for options in self.tasks]
        families = [
            make_family({key: value for key, value in options.items() if key != "n_batches"})
            for options in self.tasks
        ]
        if _are_stages(self.tasks):
            try:
                return [Curriculum(list(zip(lengths, families, strict=True)))]
            except (TypeError, ValueError) as error:
                raise RecipeError(f"In the stages of tasks: {error}") from None
        return families

    def make_trainer(self, **overrides) -> MetaTrainer:
        """Return the MetaTrainer, with some parameters replaced.

        Raises
        ------
        RecipeError
            If a parameter, or an option of the memory or encoder, is unknown or out of range.
        """
        options = {**self.trainer, **overrides}
        _check_keys("trainer", options, MetaTrainer._get_param_names())
        for part, registry in (("memory", MEMORIES), ("encoder", ENCODERS)):
            if isinstance(options.get(part), dict):
                options[part] = _make_part(part, registry, options[part])
        trainer = MetaTrainer(**options)
        try:
            trainer._validate_params()
        except ValueError as error:
            raise RecipeError(f"In trainer: {error}") from None
        return trainer

    def train(
        self, *, n_test_episodes: int = TEST_EPISODES, **overrides
    ) -> tuple[Learner, MetaTrainer]:
        """Meta-train, evaluate on the test tasks, and write the card.

        Parameters
        ----------
        n_test_episodes : int, default=1000
            Test episodes, for the scores on the card.
        **overrides
            Parameters of MetaTrainer that differ from the recipe's.

        Returns
        -------
        learner : Learner
            With name, description, scores and versions on its card.
        trainer : MetaTrainer
            The fitted trainer.

        Raises
        ------
        RecipeError
            If a value of the recipe or an override does not fit: before the first step, not after
            the last.
        TypeError, ValueError
            If the number of test episodes is no integer, or below 1.
        """
        check_size("n_test_episodes", n_test_episodes)
        trainer, tasks = self.make_trainer(**overrides), self.make_tasks()
        if trainer.warm_start is not None:
            try:
                load_learner(trainer.warm_start)
            except ArtifactError as error:
                path, way_out = Path(trainer.warm_start), ""
                if path.suffix == SUFFIX and not path.exists():
                    way_out = (
                        " A recipe of its own makes it. One that shipped learners go on from: "
                        f"`skmeta train benchmarks/recipes/{path.stem}.toml`, in a clone."
                    )
                raise RecipeError(f"In trainer, warm_start: {error}{way_out}") from None
        held_out = make_family(self.validation) if self.validation else None
        test = make_family(self.test) if self.test else None
        if test is not None and test.spec != tasks[0].spec:
            raise RecipeError(
                f"The test tasks must look like the tasks: expected {tasks[0].spec}, "
                f"got {test.spec}."
            )
        trainer.fit(tasks, validation_tasks=held_out)
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
        if test is not None:
            card["test"] = self.test
            if trainer.verbose:
                testing(n_test_episodes)
            card["scores"] = scores(learner, test, n_episodes=n_test_episodes)
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
        If the file is missing, cannot be read, is no TOML, or has unknown or missing keys.

    Examples
    --------
    >>> from skmeta.training.recipes import load_recipe
    >>> load_recipe("lstm-quadratic").make_trainer().batch_size
    64
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
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error}.") from None
    known = [field.name for field in fields(Recipe)]
    _check_keys(str(path), content, known, required=("name", "trainer", "tasks"))
    _check_tables(content)
    made = Recipe(**content)
    made.make_trainer()
    for options in made.tasks:
        _family_class(options, extra=("n_batches",))
    if _are_stages(made.tasks):
        for options in made.tasks[:-1]:
            _check_keys("a stage before the last", options, options, required=("n_batches",))
    for table in (made.validation, made.test):
        if table is not None:
            _family_class(table)
    return made


def _are_stages(tasks) -> bool:
    """Whether tables of tasks are stages of a curriculum."""
    return any("n_batches" in options for options in tasks)


def _check_tables(content):
    """See that a recipe has tables where tables belong."""
    for key in ("name", "description", "limits"):
        if not isinstance(content.get(key, ""), str):
            raise RecipeError(f"{key} must be text, got {content[key]!r}.")
    tasks = content["tasks"]
    if not isinstance(tasks, list) or not tasks or not all(isinstance(t, dict) for t in tasks):
        raise RecipeError("tasks must be written as one [[tasks]] table a stage.")
    for key in ("trainer", "validation", "test"):
        if not isinstance(content.get(key, {}), dict):
            raise RecipeError(f"{key} must be a table, [{key}], got {content[key]!r}.")


def _make_part(part, registry, options):
    """Build a memory or encoder from {"type": name, option: value, ...}.

    {"learner": name or path} is an encoder that a learner lends.
    """
    if part == "encoder" and "learner" in options:
        _check_keys(part, options, ("learner",))
        try:
            return load_learner(options["learner"])
        except ArtifactError as error:
            raise RecipeError(f"In encoder: {error}") from None
    _check_keys(part, options, options, required=("type",))
    if options["type"] not in list(registry):
        raise RecipeError(
            f"Unknown type {options['type']!r} in {part}: expected one of {sorted(registry)}."
        )
    known = inspect.signature(registry[options["type"]]).parameters
    _check_keys(f"{part} {options['type']!r}", options, [*known, "type"])
    for key, parameter in known.items():
        if not _is_like(options.get(key, parameter.default), parameter.default):
            raise RecipeError(
                f"{key} in {part} must be like its default, {parameter.default!r}, "
                f"got {options[key]!r}."
            )
    try:
        return registry[options["type"]](**{k: v for k, v in options.items() if k != "type"})
    except (TypeError, ValueError) as error:
        raise RecipeError(f"In {part}: {error}") from None


def _is_like(value, default):
    """Whether an option has the shape of its default, and the type of its numbers."""
    value, default = np.asarray(value), np.asarray(default)
    return value.ndim == default.ndim and (
        not default.size or value.dtype.kind == default.dtype.kind
    )


def make_family(options: dict[str, Any]) -> TaskFamily:
    """Build a family of tasks from {"family": name, option: value, ...}.

    Raises
    ------
    RecipeError
        If the family or an option is unknown, or a value does not fit.
    """
    options = dict(options)
    family = _family_class(options)
    del options["family"]
    try:
        return family(**options)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"In {family.__name__}: {error}") from error


def _family_class(options, extra=()):
    name = options.get("family")
    if name not in list(FAMILIES):
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
        Log-likelihood in nats a step, and how far that is below the oracle where
        there is one; accuracy by instance, mean squared error by number of shots, or
        log-likelihood and error by rows of a table; half widths of 95 % intervals.
    """
    found: dict[str, Any] = {
        "episodes": n_episodes,
        "seed": seed,
        "nats_a_step": mean_score(learner, family, n_episodes, seed=seed),
    }
    gap = gap_to_oracle(learner, family, n_episodes, seed=seed)
    if gap is not None:
        found["nats_below_oracle"] = gap
    if isinstance(family, TableFamily):
        rows = [n for n in TEST_ROWS if n < family.n_steps]
        by_rows = score_by_rows(learner, family, rows, n_episodes=n_episodes, seed=seed)
        found["rows"] = rows
        found["log_likelihood"] = np.round(by_rows.log_likelihood, 4).tolist()
        found["error"] = np.round(by_rows.error, 4).tolist()
        found["interval"] = np.round(by_rows.interval, 4).tolist()
    elif family.spec.kind == "classification":
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
