"""Where no column tells anything alone: the class is the sign of a product of two or three.

    python benchmarks/interactions.py

The other columns are noise. Of two the default learner finds out, of three it does not.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import InContextClassifier

FACTORS, COLUMNS, N_ROWS, N_QUERIES, N_DRAWS = (2, 3), (2, 3, 4, 6, 10), 100, 200, 20


def main():
    models = {
        "`InContextClassifier()`": lambda: InContextClassifier(random_state=0),
        "extra trees": lambda: ExtraTreesClassifier(random_state=0),
        "SVC": lambda: make_pipeline(StandardScaler(), SVC(random_state=0)),
    }
    print(f"| {N_ROWS} rows, columns | " + " | ".join(map(str, COLUMNS)) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for n_factors in FACTORS:
        for name, make in models.items():
            cells = [score(make, n_factors, n) if n >= n_factors else "" for n in COLUMNS]
            print(f"| {name}, sign of {n_factors} | {' | '.join(cells)} |")


def score(make, n_factors, n_columns):
    """Mean accuracy of a model."""
    scores = []
    for draw in range(N_DRAWS):
        rng = np.random.default_rng([n_columns, draw])
        X = rng.normal(size=(N_ROWS + N_QUERIES, n_columns))
        y = X[:, :n_factors].prod(axis=1) > 0
        model = make().fit(X[:N_ROWS], y[:N_ROWS])
        scores.append(model.score(X[N_ROWS:], y[N_ROWS:]))
    return f"{np.mean(scores):.2f}"


if __name__ == "__main__":
    main()
