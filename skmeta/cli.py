"""The ``skmeta`` command: train, evaluate, info, card, list, demo.

Each tells what to write in Python in its place, on the standard error stream; with ``--json`` or
``--quiet`` none does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from skmeta._version import __version__


def main(argv=None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    code : int
        0, 1 after a message about what went wrong, or 130 after Ctrl-C.
    """
    # TensorFlow's start-up notes would drown the command's own output.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print(f"skmeta {arguments.command}: stopped.", file=sys.stderr)
        return 130
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        print(f"skmeta {arguments.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="skmeta", description="Meta-learning for scikit-learn users."
    )
    parser.add_argument("--version", action="version", version=f"skmeta {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="meta-train a learner by a recipe")
    train.add_argument("recipe", help="a .toml file, or the name of a shipped learner")
    train.add_argument("--out", help="file of the learner (default: NAME.safetensors)")
    train.add_argument(
        "--checkpoint", help="file to resume from (the recipe's, or NAME.checkpoint)"
    )
    train.add_argument(
        "--n-steps", type=_at_least(1), help="other number of steps than the recipe's"
    )
    train.add_argument("--seed", type=_at_least(0), help="other random_state than the recipe's")
    train.add_argument("--episodes", type=_at_least(1), help="test episodes for the card (1000)")
    train.add_argument("--quiet", action="store_true", help="no progress")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="a learner's figures on its test tasks")
    evaluate.add_argument("learner", help="name or file of a learner")
    evaluate.add_argument("--recipe", help="take the test tasks from this recipe")
    evaluate.add_argument(
        "--episodes", type=_at_least(1), default=1000, help="test episodes (1000)"
    )
    evaluate.add_argument("--seed", type=_at_least(0), default=0, help="seed of the episodes (0)")
    evaluate.add_argument("--plot", metavar="PNG", help="draw the figures into a file, too")
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    evaluate.set_defaults(run=_evaluate)

    info = commands.add_parser("info", help="what a learner reads, answers and is made of")
    info.add_argument("learner", help="name or file of a learner")
    info.add_argument("--json", action="store_true", help="print JSON, with the whole card")
    info.set_defaults(run=_info)

    card = commands.add_parser(
        "card", help="how a learner was made, how good it is, where it fails"
    )
    card.add_argument("learner", help="name or file of a learner")
    card.set_defaults(run=_card)

    listing = commands.add_parser("list", help="the shipped learners")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)

    demo = commands.add_parser("demo", help="three shipped learners at work, in a minute")
    demo.add_argument("--picture", default="skmeta-demo.png", help="where to draw the drawings")
    demo.set_defaults(run=_demo)
    return parser


def _at_least(least):
    """Return what reads an integer of an option, and says which option it is that does not fit."""

    def integer(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, got {number}")
        return number

    return integer


def _train(arguments):
    from skmeta.artifacts import SUFFIX, save_learner
    from skmeta.cards import describe
    from skmeta.training.recipes import load_recipe

    recipe = load_recipe(arguments.recipe)
    out = Path(arguments.out or f"{recipe.name}{SUFFIX}")
    if out.suffix != SUFFIX or not out.parent.is_dir():
        raise ValueError(
            f"The learner would go to {out}: name a {SUFFIX} file in an existing folder with --out."
        )
    usual: dict[str, Any] = {"checkpoint": f"{recipe.name}.checkpoint", "verbose": 1}
    given = {
        "checkpoint": arguments.checkpoint,
        "verbose": 0 if arguments.quiet else None,
        "n_steps": arguments.n_steps,
        "random_state": arguments.seed,
        "n_test_episodes": arguments.episodes,
    }
    overrides = {name: value for name, value in usual.items() if name not in recipe.trainer}
    overrides |= {name: value for name, value in given.items() if value is not None}
    learner, trainer = recipe.train(**overrides)
    save_learner(learner, out)
    out.with_suffix(".history.json").write_text(json.dumps(trainer.history_), encoding="utf-8")
    card = describe(out)  # as the file tells it
    out.with_suffix(".md").write_text(card, encoding="utf-8")
    print(card)
    print(f"Written to {out}.")
    if not arguments.quiet:
        options = ", ".join(f"{key}={value!r}" for key, value in overrides.items())
        _in_python(
            "from skmeta import save_learner",
            "from skmeta.training.recipes import load_recipe",
            f"learner, trainer = load_recipe({arguments.recipe!r}).train({options})",
            f"save_learner(learner, {str(out)!r})",
        )


def _evaluate(arguments):
    from skmeta.artifacts import load_learner
    from skmeta.cards import score_lines
    from skmeta.inspection._axes import check_matplotlib_support, check_picture
    from skmeta.training.recipes import RecipeError, load_recipe, make_family, scores

    if arguments.plot:  # known before the figures, which take a while
        check_matplotlib_support("skmeta evaluate --plot")
        check_picture(arguments.plot)
    learner = load_learner(arguments.learner)
    test = load_recipe(arguments.recipe).test if arguments.recipe else learner.card.get("test")
    if test is None and arguments.recipe:
        raise RecipeError(
            f"The recipe {arguments.recipe} has no [test] table, which says what the test tasks "
            "are: add one, or name a recipe that has."
        )
    if test is None:
        raise RecipeError(
            "No test tasks are known for this learner: give --recipe FILE, with a [test] table."
        )
    family = make_family(test)
    found = scores(learner, family, n_episodes=arguments.episodes, seed=arguments.seed)
    if arguments.json:
        print(json.dumps({"learner": arguments.learner, "test": test, **found}, indent=2))
    else:
        print("\n".join(score_lines(found, test, learner.spec.kind)))
        names, source = "make_family, scores", "learner.card['test']"
        if arguments.recipe:
            names, source = f"load_recipe, {names}", f"load_recipe({arguments.recipe!r}).test"
        _in_python(
            "from skmeta import load_learner",
            f"from skmeta.training.recipes import {names}",
            f"learner = load_learner({arguments.learner!r})",
            f"scores(learner, make_family({source}), n_episodes={arguments.episodes}, "
            f"seed={arguments.seed})",
        )
    if arguments.plot:
        _plot_scores(found, arguments.learner).figure_.savefig(arguments.plot, dpi=120)


def _plot_scores(found, label):
    from skmeta.inspection import SANTORO_MANN, InstanceAccuracyDisplay, ShotErrorDisplay

    if "accuracy_by_instance" in found:
        return InstanceAccuracyDisplay(
            found["accuracy_by_instance"], found["interval"], label=label
        ).plot(references={"MANN, Santoro et al. 2016": SANTORO_MANN})
    if "rows" in found:
        display = ShotErrorDisplay(found["rows"], found["error"], found["interval"][1], label=label)
        display.plot().ax_.set_ylabel("Error of the next row")
        return display
    return ShotErrorDisplay(
        found["shots"], found["mean_squared_error"], found["interval"], label=label
    ).plot()


def _info(arguments):
    from skmeta.cards import facts

    found = facts(arguments.learner)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        for key in ("name", "description", "spec", "memory", "encoder", "n_weights", "steps"):
            if key in found:
                print(f"{key:<12} {_shown(found[key])}")
        _in_python("from skmeta.cards import facts", f"facts({arguments.learner!r})")


def _shown(value):
    """A fact in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={part}" for key, part in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _card(arguments):
    from skmeta.cards import describe

    print(describe(arguments.learner))
    _in_python("from skmeta import describe", f"print(describe({arguments.learner!r}))")


def _list(arguments):
    from skmeta.artifacts import list_learners, load_learner

    found = {name: load_learner(name).card.get("description", "") for name in list_learners()}
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        width = max(map(len, found), default=0)
        for name, description in found.items():
            print(f"{name:<{width}}  {description}")
        _in_python("from skmeta import list_learners", "list_learners()")


def _demo(arguments):
    from skmeta.demo import run

    run(arguments.picture)
    _in_python("from skmeta.demo import run", f"run({arguments.picture!r})")


def _in_python(*lines):
    """Print the lines that do the same, beside what a command prints."""
    print("\nIn Python:\n\n    " + "\n    ".join(lines), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
