"""Where no column tells anything alone: the class is whether two numbers have one sign.

    python benchmarks/interactions.py

The other columns are noise. A limit of the default learner, beside models that have it too, but
less.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import InContextClassifier

COLUMNS, N_ROWS, N_QUERIES, N_DRAWS = (2, 3, 4, 6, 10), 100, 200, 20


def main():
    models = {
        "`InContextClassifier()`": lambda: InContextClassifier(random_state=0),
        "extra trees": lambda: ExtraTreesClassifier(random_state=0),
        "SVC": lambda: make_pipeline(StandardScaler(), SVC(random_state=0)),
    }
    print(f"| {N_ROWS} rows, columns | " + " | ".join(map(str, COLUMNS)) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, make in models.items():
        cells = []
        for n_columns in COLUMNS:
            scores = []
            for draw in range(N_DRAWS):
                rng = np.random.default_rng([n_columns, draw])
                X = rng.normal(size=(N_ROWS + N_QUERIES, n_columns))
                y = X[:, 0] * X[:, 1] > 0
                model = make().fit(X[:N_ROWS], y[:N_ROWS])
                scores.append(model.score(X[N_ROWS:], y[N_ROWS:]))
            cells.append(f"{np.mean(scores):.2f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
