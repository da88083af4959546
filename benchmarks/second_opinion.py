"""Where a second opinion on tables costs something: with it and without, on the same draws.

    python benchmarks/second_opinion.py

Log-loss with noise alone and on iris, and the share of the variance that is missed of the square of
one of eight columns, with a noise of a twentieth.
"""

from dataclasses import replace
from datetime import date

import numpy as np
from sklearn.datasets import load_iris
from sklearn.metrics import log_loss, r2_score

from skmeta import InContextClassifier, InContextRegressor

N_DRAWS, N_QUERIES = 24, 300


def noise(rng, n_rows, n_columns):
    n = n_rows + N_QUERIES
    return rng.normal(size=(n, n_columns)), rng.integers(2, size=n)


def iris(rng, n_rows):
    X, y = load_iris(return_X_y=True)
    order = rng.permutation(len(X))
    return X[order], y[order]


def curve(rng, n_rows):
    X = rng.normal(size=(n_rows + N_QUERIES, 8))
    return X, X[:, 0] ** 2 + 0.05 * rng.normal(size=len(X))


def missed(fitted, X, y):
    if isinstance(fitted, InContextRegressor):
        return 1 - r2_score(y, fitted.predict(X))
    return log_loss(y, fitted.predict_proba(X), labels=fitted.classes_)


def with_and_without(estimator, draw, n_rows, **options):
    """What is missed of the rows after the first, in the mean of draws that have an opinion."""
    found = []
    for seed in range(N_DRAWS):
        X, y = draw(np.random.default_rng(seed), n_rows, **options)
        fitted = estimator(random_state=seed).fit(X[:n_rows], y[:n_rows])
        rows = fitted._rows
        if rows.second_opinion is not None:
            both = missed(fitted, X[n_rows:], y[n_rows:])
            rows.layout = replace(rows.layout, opinion=None)
            found.append((both, missed(fitted, X[n_rows:], y[n_rows:])))
    return np.mean(found, axis=0)


def main():
    print(f"{N_DRAWS} draws, seeds from 0, {date.today()}\n")
    print("| what is missed | with | without |\n|---|---|---|")
    for name, estimator, draw, n_rows, options in (
        ("log-loss, noise in 60 columns", InContextClassifier, noise, 20, {"n_columns": 60}),
        ("log-loss, noise in 100 columns", InContextClassifier, noise, 50, {"n_columns": 100}),
        ("log-loss, iris", InContextClassifier, iris, 50, {}),
        ("log-loss, iris", InContextClassifier, iris, 100, {}),
        ("variance, the square of one of eight columns", InContextRegressor, curve, 50, {}),
        ("variance, the square of one of eight columns", InContextRegressor, curve, 100, {}),
    ):
        both, alone = with_and_without(estimator, draw, n_rows, **options)
        print(f"| {name}, {n_rows} rows | {both:.3f} | {alone:.3f} |")


if __name__ == "__main__":
    main()
