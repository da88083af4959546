"""Few drawings of held-out Omniglot characters: N ways, K shots; row by row; one alphabet.

    SKMETA_DATA=... python benchmarks/few_shot.py --learners omniglot --split test

Prints tables in Markdown: accuracy in %, with half widths of 95 % intervals. Pictures are neither
turned nor moved, so each goes through a learner's encoder once, and episodes are of its features:
ten thousand of them say what a few hundred leave to chance. "One alphabet" is Lake's task with
random alphabets, characters and drawings: one drawing of each of 20 characters of an alphabet, one
query of each. It is asked on the split "evaluation", with all of its alphabets, of learners that
were trained on the background set alone; and on "background", which tells how well they fit what
they were trained on.
"""

import argparse
from dataclasses import replace
from datetime import date

import numpy as np

from skmeta import load_learner
from skmeta.datasets import fetch_omniglot, shrink_pictures
from skmeta.engines import numpy_ops
from skmeta.networks import FlatEncoder, Learner, part_weights
from skmeta.tasks import OmniglotTasks, from_classes
from skmeta.tasks.images import split_characters
from skmeta.training.evaluation import accuracy_by_instance, accuracy_by_shots

WAYS = (5, 15, 20, 50, 100)
SHOTS = (1, 5)
INSTANCES = (1, 2, 3, 4, 5, 10)
N_DRAWINGS = 20  # of each character: what is no support is a query
TOGETHER = 200  # pictures


def drawings(split, size):
    """Pictures of a split as area averages, 20 of each character, and which character each is."""
    omniglot = fetch_omniglot()
    n_characters = len(omniglot.characters)
    n_evaluation = n_characters - omniglot.n_background
    chosen = np.isin(omniglot.target, split_characters(split, omniglot.n_background, n_evaluation))
    return shrink_pictures(omniglot.images[chosen], size), omniglot.target[chosen]


def features(learner, pictures):
    """What a learner's encoder makes of pictures."""
    network, weights = learner.network, part_weights(learner.weights, "encoder")
    parts = [
        network.encoder.encode(
            numpy_ops, weights, pictures[first : first + TOGETHER], network.spec.input_shape
        )
        for first in range(0, len(pictures), TOGETHER)
    ]
    return np.concatenate(parts)


def without_encoder(learner, n_features):
    """The learner of the same answers that reads features in the place of pictures."""
    spec = replace(learner.spec, input_shape=(n_features,))
    network = replace(learner.network, spec=spec, encoder=FlatEncoder())
    plain = {"encoder/center": np.zeros(n_features), "encoder/scale": np.ones(n_features)}
    kept = {k: w for k, w in learner.weights.items() if not k.startswith("encoder/")}
    return Learner(network, plain | kept, learner.card)


def cells(accuracy, interval):
    return [f"{100 * a:.2f} ± {100 * i:.2f}" for a, i in zip(accuracy, interval, strict=True)]


def table(head, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:], ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--learners", nargs="+", default=["omniglot"], help="names or files")
    parser.add_argument("--split", default="validation", help="of OmniglotTasks")
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--lake", type=int, default=2_000, help="episodes of one alphabet")
    parser.add_argument("--ways", nargs="+", type=int, default=WAYS)
    parser.add_argument("--classes", nargs="+", type=int, default=(5,), help="row by row")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    asked = {"n_episodes": arguments.episodes, "seed": arguments.seed}
    print(f"split {arguments.split}, {asked}, {date.today()}\n")
    for name in arguments.learners:
        learner = load_learner(name)
        pictures, characters = drawings(arguments.split, learner.spec.input_shape[0])
        found = features(learner, pictures)
        n_labels = max(learner.spec.n_outputs, *arguments.ways, *arguments.classes)
        reader = without_encoder(learner, found.shape[1])
        rows = []
        for n_classes in arguments.ways:
            episodes = from_classes(
                found,
                characters,
                n_classes=n_classes,
                n_shots=N_DRAWINGS,
                n_labels=n_labels,
            )
            by_shots = accuracy_by_shots(reader, episodes, SHOTS, **asked)
            rows.append([n_classes, *cells(by_shots.accuracy, by_shots.interval)])
        shots = [f"{k} shot" if k == 1 else f"{k} shots" for k in SHOTS]
        print(table([f"{name}, ways", *shots], rows), flush=True)
        rows = []
        for n_classes in arguments.classes:
            episodes = from_classes(
                found, characters, n_classes=n_classes, n_shots=10, n_labels=n_labels
            )
            by_row = accuracy_by_instance(reader, episodes, **asked)
            places = [k - 1 for k in INSTANCES]
            rows.append([n_classes, *cells(by_row.accuracy[places], by_row.interval[places])])
        print(table([f"{name}, classes \\ drawing", *INSTANCES], rows), flush=True)
        if arguments.split in ("background", "evaluation"):  # others hold parts of alphabets
            still = {"rotations": False, "max_shift": 0.0, "max_angle": 0.0}
            family = OmniglotTasks(
                arguments.split,
                size=learner.spec.input_shape[0],
                n_labels=learner.spec.n_outputs,
                n_classes=20,
                n_shots=2,
                one_alphabet=True,
                **still,
            )
            lake = accuracy_by_shots(
                learner, family, [1], n_episodes=arguments.lake, seed=arguments.seed
            )
            print(table([f"{name}, one alphabet"], [cells(lake.accuracy, lake.interval)]))


if __name__ == "__main__":
    main()
