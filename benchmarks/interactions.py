"""Where no column tells anything alone: signs of products, and a chequerboard.

    python benchmarks/interactions.py

The other columns are noise.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import InContextClassifier

# What two classes are told by, and of how many columns; a chequerboard's fields are a standard
# deviation wide.
TARGETS = {
    "sign of a b": (2, lambda a, b: a * b > 0),
    "sign of a b + c d": (4, lambda a, b, c, d: a * b + c * d > 0),
    "sign of a b c": (3, lambda a, b, c: a * b * c > 0),
    "chequerboard of a and b": (2, lambda a, b: (np.round(a) + np.round(b)) % 2 == 1),
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
    for target, (n_told, tell) in TARGETS.items():
        for name, make in models.items():
            cells = [score(make, tell, n_told, n) if n >= n_told else "" for n in COLUMNS]
            print(f"| {name}, {target} | {' | '.join(cells)} |")


def score(make, tell, n_told, n_columns):
    """Mean accuracy of a model."""
    scores = []
    for draw in range(N_DRAWS):
        rng = np.random.default_rng([n_columns, draw])
        X = rng.normal(size=(N_ROWS + N_QUERIES, n_columns))
        y = tell(*X[:, :n_told].T)
        model = make().fit(X[:N_ROWS], y[:N_ROWS])
        scores.append(model.score(X[N_ROWS:], y[N_ROWS:]))
    return f"{np.mean(scores):.2f}"


if __name__ == "__main__":
    main()
