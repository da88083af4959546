"""Accuracy after supports of any length, classes not of one size, on validation characters.

    SKMETA_DATA=... python benchmarks/long_supports.py mann-omniglot mine.safetensors

Five validation characters, supports of the first n of 80 mixed drawings, scored on the 20
others. In the papers' episodes all classes are of one size; in people's supports they are not.
"""

import sys

import numpy as np

from skmeta import InContextClassifier
from skmeta.tasks import OmniglotTasks

SIZES = (15, 25, 35, 40, 45, 50, 55, 60, 80)
N_DRAWS = 10


def main():
    tasks = OmniglotTasks("validation", n_shots=20, rotations=False, max_shift=0.0, max_angle=0.0)
    batch = tasks.batch(0, N_DRAWS, seed=0)
    print("| learner, members | " + " | ".join(map(str, SIZES)) + " |")
    print("|---" * (len(SIZES) + 1) + "|")
    for learner in sys.argv[1:]:
        for n_members in (1, 8):
            scores = np.empty((N_DRAWS, len(SIZES)))
            for draw, (X, y) in enumerate(zip(batch.inputs, batch.targets, strict=True)):
                for column, size in enumerate(SIZES):
                    clf = InContextClassifier(learner, n_members=n_members, random_state=0)
                    scores[draw, column] = clf.fit(X[:size], y[:size]).score(X[80:], y[80:])
            cells = [f"{100 * score:.0f}" for score in scores.mean(axis=0)]
            print(f"| {learner.removesuffix('.safetensors')}, {n_members} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
