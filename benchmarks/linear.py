"""Tables that are nearly linear, where many columns matter alike: beside linear models.

    python benchmarks/linear.py

Classes: the sign of a weighted sum of ten normal columns; the majority of nine flags; whether the
sum of eight answers from 1 to 5, with noise, is above its mean, with the answers as they are and
with ``categorical_features=None``. Numbers: sums of ten and of twenty normal columns, a tenth of
whose standard deviation is noise, and the sum of the answers.
"""

import argparse
import warnings
from datetime import date

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import InContextClassifier, InContextRegressor

SIZES, N_QUERIES = (10, 20, 50, 100), 300


def weighted_sum(rng, n_columns, n):
    X = rng.normal(size=(n, n_columns))
    return X, X @ rng.normal(size=n_columns)


def sign(rng, n):
    X, total = weighted_sum(rng, 10, n)
    return X, total > 0


def majority(rng, n):
    X = rng.integers(2, size=(n, 9)).astype(float)
    return X, X.sum(axis=1) > 4


def answers(rng, n):
    X = rng.integers(1, 6, size=(n, 8)).astype(float)
    return X, X.sum(axis=1) + 2 * rng.normal(size=n)


def high_answers(rng, n):
    X, total = answers(rng, n)
    return X, total > 24


def noisy_sum(n_columns):
    def draw(rng, n):
        X, total = weighted_sum(rng, n_columns, n)
        return X, total + 0.1 * total.std() * rng.normal(size=n)

    return draw


def models(kind, **options):
    """Ours, and a linear one."""
    if kind == "accuracy":
        linear = LogisticRegression(max_iter=1000)
        ours = InContextClassifier(random_state=0, **options)
    else:
        linear = RidgeCV(np.logspace(-3, 3, 13))
        ours = InContextRegressor(random_state=0, **options)
    return ours, make_pipeline(StandardScaler(), linear)


def scores(model, draw, n_rows, n_draws):
    """Accuracy or R2 on rows after the first, of those draws whose first rows are not all alike."""
    found = []
    for seed in range(n_draws):
        X, y = draw(np.random.default_rng([seed, n_rows]), n_rows + N_QUERIES)
        if len(np.unique(y[:n_rows])) > 1:
            found.append(model.fit(X[:n_rows], y[:n_rows]).score(X[n_rows:], y[n_rows:]))
    return np.mean(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=20)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # ridge with fewer rows than columns
    print(f"means of {arguments.draws} draws, seeds from 0, {date.today()}\n")
    print("| rows: | " + " | ".join(map(str, SIZES)) + " |\n|---" + "|---" * len(SIZES) + "|")
    for name, kind, draw, options in (
        ("sign of a sum of ten columns", "accuracy", sign, {}),
        ("majority of nine flags", "accuracy", majority, {}),
        ("eight answers", "accuracy", high_answers, {}),
        ("eight answers, no codes", "accuracy", high_answers, {"categorical_features": None}),
        ("sum of ten columns", "R2", noisy_sum(10), {}),
        ("sum of twenty columns", "R2", noisy_sum(20), {}),
        ("eight answers", "R2", answers, {}),
        ("eight answers, no codes", "R2", answers, {"categorical_features": None}),
    ):
        ours, linear = models(kind, **options)
        cells = (
            " / ".join(f"{scores(model, draw, n, arguments.draws):.2f}" for model in (ours, linear))
            for n in SIZES
        )
        print(f"| {name}, {kind} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
