"""The ``skmeta`` command: train, evaluate, info, list, demo."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

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
    train.add_argument("--checkpoint", help="file to resume from (default: NAME.checkpoint)")
    train.add_argument("--n-steps", type=int, help="other number of steps than the recipe's")
    train.add_argument("--seed", type=int, help="other random_state than the recipe's")
    train.add_argument("--quiet", action="store_true", help="no progress")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="a learner's figures on its test tasks")
    evaluate.add_argument("learner", help="name or file of a learner")
    evaluate.add_argument("--recipe", help="take the test tasks from this recipe")
    evaluate.add_argument("--episodes", type=int, default=1000, help="test episodes (1000)")
    evaluate.add_argument("--seed", type=int, default=0, help="seed of the episodes (0)")
    evaluate.add_argument("--plot", metavar="PNG", help="draw the figures into a file, too")
    evaluate.set_defaults(run=_evaluate)

    info = commands.add_parser("info", help="the card of a learner")
    info.add_argument("learner", help="name or file of a learner")
    info.set_defaults(run=_info)

    listing = commands.add_parser("list", help="the shipped learners")
    listing.set_defaults(run=_list)

    demo = commands.add_parser("demo", help="three shipped learners at work, in a minute")
    demo.add_argument("--picture", default="skmeta-demo.png", help="where to draw the drawings")
    demo.set_defaults(run=_demo)
    return parser


def _train(arguments):
    from skmeta.artifacts import SUFFIX, save_learner
    from skmeta.cards import describe
    from skmeta.training.recipes import load_recipe

    recipe = load_recipe(arguments.recipe)
    out = Path(arguments.out or f"{recipe.name}{SUFFIX}")
    if out.suffix != SUFFIX or not out.parent.is_dir():
        raise ValueError(f"--out must name a {SUFFIX} file in an existing folder, got {out}.")
    checkpoint = arguments.checkpoint or f"{recipe.name}.checkpoint"
    overrides = {"checkpoint": checkpoint, "verbose": int(not arguments.quiet)}
    if arguments.n_steps is not None:
        overrides["n_steps"] = arguments.n_steps
    if arguments.seed is not None:
        overrides["random_state"] = arguments.seed
    learner, trainer = recipe.train(**overrides)
    save_learner(learner, out)
    out.with_suffix(".history.json").write_text(json.dumps(trainer.history_), encoding="utf-8")
    card = describe(out)  # as the file tells it
    out.with_suffix(".md").write_text(card, encoding="utf-8")
    print(card)
    print(f"Written to {out}.")


def _evaluate(arguments):
    from skmeta.artifacts import load_learner
    from skmeta.training.recipes import RecipeError, load_recipe, make_family, scores

    learner = load_learner(arguments.learner)
    test = load_recipe(arguments.recipe).test if arguments.recipe else learner.card.get("test")
    if test is None:
        raise RecipeError(
            "No test tasks are known for this learner: give --recipe FILE, with a [test] table."
        )
    family = make_family(test)
    found = scores(learner, family, n_episodes=arguments.episodes, seed=arguments.seed)
    print(json.dumps({"learner": arguments.learner, "test": test, **found}, indent=2))
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
    from skmeta.cards import describe

    print(describe(arguments.learner))


def _list(arguments):
    from skmeta.artifacts import list_learners, load_learner

    for name in list_learners():
        learner = load_learner(name)
        print(f"{name:<20} {learner.card.get('description', '')}")


def _demo(arguments):
    from skmeta.demo import run

    run(arguments.picture)


if __name__ == "__main__":
    sys.exit(main())
