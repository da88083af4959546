"""Accuracy on packaged characters after supports of any length, classes not of one size.

    python benchmarks/long_supports.py mann-omniglot mine.safetensors

Five of the 40 packaged characters, supports of the first n of 80 mixed drawings, scored on the
20 others. Episodes of meta-training have classes of one size; people's supports have not.
"""

import sys

import numpy as np

from skmeta import InContextClassifier
from skmeta.datasets import load_omniglot_sample

SIZES = (15, 25, 35, 40, 45, 50, 55, 60, 80)
N_DRAWS = 10


def main():
    sample = load_omniglot_sample()
    print("| learner, members | " + " | ".join(map(str, SIZES)) + " |")
    print("|---" * (len(SIZES) + 1) + "|")
    for learner in sys.argv[1:]:
        for n_members in (1, 8):
            scores = np.empty((N_DRAWS, len(SIZES)))
            for seed in range(N_DRAWS):
                rng = np.random.default_rng(seed)
                five = rng.choice(len(sample.characters), 5, replace=False)
                rows = rng.permutation(np.flatnonzero(np.isin(sample.target, five)))
                X, y = sample.images[rows], sample.target[rows]
                for column, size in enumerate(SIZES):
                    clf = InContextClassifier(learner, n_members=n_members, random_state=0)
                    scores[seed, column] = clf.fit(X[:size], y[:size]).score(X[80:], y[80:])
            cells = [f"{100 * score:.0f}" for score in scores.mean(axis=0)]
            print(f"| {learner}, {n_members} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
