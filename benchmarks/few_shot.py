"""Few drawings of held-out Omniglot characters: N ways, K shots; row by row; one alphabet.

    SKMETA_DATA=... python benchmarks/few_shot.py --learners omniglot --split test

Prints tables in Markdown: accuracy in %, with half widths of 95 % intervals. Pictures are neither
turned nor moved. "One alphabet" is Lake's task with random alphabets, characters and drawings: one
drawing of each of 20 characters of an alphabet, one query of each. It is asked on the split
"evaluation", with all of its alphabets, of learners that were trained on the background set alone;
and on "background", which tells how well they fit what they were trained on.
"""

import argparse
from datetime import date

from skmeta import load_learner
from skmeta.tasks import OmniglotTasks
from skmeta.training.evaluation import accuracy_by_instance, accuracy_by_shots

WAYS = (5, 15, 20, 50, 100)
SHOTS = (1, 5)
INSTANCES = (1, 2, 3, 4, 5, 10)


def tasks(learner, split, **options):
    """Episodes as a learner reads them, of drawings as they are."""
    size, n_labels = learner.spec.input_shape[0], learner.spec.n_outputs
    still = {"rotations": False, "max_shift": 0.0, "max_angle": 0.0}
    return OmniglotTasks(split, size=size, n_labels=n_labels, **still, **options)


def cells(accuracy, interval):
    return [f"{100 * a:.2f} ± {100 * i:.2f}" for a, i in zip(accuracy, interval, strict=True)]


def table(head, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:], ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--learners", nargs="+", default=["omniglot"], help="names or files")
    parser.add_argument("--split", default="validation", help="of OmniglotTasks")
    parser.add_argument("--episodes", type=int, default=600)
    parser.add_argument("--ways", nargs="+", type=int, default=WAYS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    asked = {"n_episodes": arguments.episodes, "seed": arguments.seed}
    print(f"split {arguments.split}, {asked}, {date.today()}\n")
    for name in arguments.learners:
        learner = load_learner(name)
        rows = []
        for n_classes in arguments.ways:
            family = tasks(learner, arguments.split, n_classes=n_classes, n_shots=max(SHOTS) + 1)
            found = accuracy_by_shots(learner, family, SHOTS, **asked)
            rows.append([n_classes, *cells(found.accuracy, found.interval)])
        print(
            table(
                [f"{name}, ways", *(f"{k} shot" if k == 1 else f"{k} shots" for k in SHOTS)], rows
            ),
            flush=True,
        )
        family = tasks(learner, arguments.split, n_classes=5, n_shots=10)
        found = accuracy_by_instance(learner, family, **asked)
        places = [k - 1 for k in INSTANCES]
        row = cells(found.accuracy[places], found.interval[places])
        print(table([f"{name}, drawing", *INSTANCES], [["accuracy", *row]]), flush=True)
        if arguments.split in ("background", "evaluation"):  # others hold parts of alphabets
            family = tasks(learner, arguments.split, n_classes=20, n_shots=2, one_alphabet=True)
            found = accuracy_by_shots(learner, family, [1], **asked)
            print(table([f"{name}, one alphabet"], [cells(found.accuracy, found.interval)]))


if __name__ == "__main__":
    main()
