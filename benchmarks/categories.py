"""What flags for the levels of categories are worth, on few rows of real frames with text.

    SKMETA_DATA=... python benchmarks/categories.py --draws 50

The default classifier with ``categorical_features="from_dtype"`` and with None (a level is a
number, and no number has flags), on the same supports and queries: area under the ROC curve and
log-loss, with Student's 95 % intervals of the paired differences. Tables of two classes among the
CSV files with a column ``target`` in the folder ``tabular`` of SKMETA_DATA that have text of three
levels or more.
"""

import os
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tables import class_scores, draw, draws_of, half_width

from skmeta import InContextClassifier

SIZES = (10, 20, 50, 100)
ASKED = (None, "from_dtype")


def frames():
    """Name -> (X, y) of tables with two classes and a text of three levels."""
    found = {}
    for path in sorted((Path(os.environ.get("SKMETA_DATA", "")) / "tabular").glob("*.csv")):
        X = pd.read_csv(path)
        y = X.pop("target")
        if y.nunique() == 2 and (X.select_dtypes(exclude="number").nunique() > 2).any():
            found[path.stem] = X, y.to_numpy()
    return found


def scores(X, y, size, seed):
    """AUC and log-loss, (2, 2): rows are those of ASKED."""
    support, queries = draw(np.random.default_rng(seed), X, y, size, "classification")
    found = []
    for asked in ASKED:
        clf = InContextClassifier(categorical_features=asked, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # more columns than places
            clf.fit(X.iloc[support], y[support])
            found.append(class_scores(clf, X.iloc[queries], y[queries])[1:])
    return found


def main():
    arguments = draws_of(__doc__, draws=50)
    print(f"{arguments.draws} draws, seed {arguments.seed}, {date.today()}\n")
    print("| table, rows | AUC, numbers | AUC, flags | gain | log-loss, numbers | flags | gain |")
    print("|---" * 7 + "|")
    for i, (name, (X, y)) in enumerate(frames().items()):
        for size in SIZES:
            seeds = [[arguments.seed, i, size, d] for d in range(arguments.draws)]
            found = Parallel(arguments.jobs)(delayed(scores)(X, y, size, seed) for seed in seeds)
            found = np.array(found)  # (draws, 2 settings, 2 scores)
            gains = (found[:, 1] - found[:, 0]) * [1, -1]
            half = half_width(gains)
            cells = [f"{name}, {size}"]
            for k in range(2):
                cells += [f"{mean:.3f}" for mean in found[..., k].mean(axis=0)]
                cells.append(f"{gains[:, k].mean():+.3f} ± {half[k]:.3f}")
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
