"""Where no column tells anything alone: the class is the sign of a product, or of a sum of two.

    python benchmarks/interactions.py

The other columns are noise. Products of two the default learner finds out, of three it does not.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import InContextClassifier

# Columns of each product.
PRODUCTS = {
    "sign of a b": [[0, 1]],
    "sign of a b + c d": [[0, 1], [2, 3]],
    "sign of a b c": [[0, 1, 2]],
}
COLUMNS, N_ROWS, N_QUERIES, N_DRAWS = (2, 3, 4, 6, 10), 100, 200, 20


def main():
    models = {
        "`InContextClassifier()`": lambda: InContextClassifier(random_state=0),
        "extra trees": lambda: ExtraTreesClassifier(random_state=0),
        "SVC": lambda: make_pipeline(StandardScaler(), SVC(random_state=0)),
    }
    print(f"| {N_ROWS} rows, columns | " + " | ".join(map(str, COLUMNS)) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for target, products in PRODUCTS.items():
        least = max(map(max, products)) + 1
        for name, make in models.items():
            cells = [score(make, products, n) if n >= least else "" for n in COLUMNS]
            print(f"| {name}, {target} | {' | '.join(cells)} |")


def score(make, products, n_columns):
    """Mean accuracy of a model."""
    scores = []
    for draw in range(N_DRAWS):
        rng = np.random.default_rng([n_columns, draw])
        X = rng.normal(size=(N_ROWS + N_QUERIES, n_columns))
        y = sum(X[:, factors].prod(axis=1) for factors in products) > 0
        model = make().fit(X[:N_ROWS], y[:N_ROWS])
        scores.append(model.score(X[N_ROWS:], y[N_ROWS:]))
    return f"{np.mean(scores):.2f}"


if __name__ == "__main__":
    main()
