"""Made-up tables, each beside an estimator that suits it, as the default need not.

    python benchmarks/hard_tables.py --draws 12

R2 (at least -1), or accuracy, on 400 other rows.
"""

import warnings
from datetime import date

import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tables import draws_of

from skmeta import InContextClassifier, InContextRegressor

N_QUERIES = 400


def spectrum(rng, n):
    """Four broad peaks over a base line in 100 places; the height of one of them."""
    place, centers = np.linspace(0, 1, 100), np.array([0.3, 0.4, 0.5, 0.65])
    heights = rng.gamma(2.0, size=(n, 4))
    base = rng.normal(size=(n, 1)) * 3 + rng.normal(size=(n, 1)) * place
    X = base + heights @ np.exp(-0.5 * np.square((place - centers[:, None]) / 0.08))
    return X + 0.02 * rng.normal(size=X.shape), heights[:, 1]


def surface(rng, n):
    """A smooth function of two settings, almost without noise."""
    X = rng.random((n, 2))
    return X, np.sin(6 * X[:, 0]) * np.cos(5 * X[:, 1]) + 0.05 * rng.normal(size=n)


def steps(rng, n):
    """Steps, one of them where two columns meet, beside noise."""
    X = rng.normal(size=(n, 6))
    y = 3 * (X[:, 0] > 0) + 2 * (X[:, 1] > 0.5) * (X[:, 2] > 0)
    return X, y + 0.3 * rng.normal(size=n)


def clusters(rng, n):
    """Three classes of two clusters each in twenty columns, eight of which tell."""
    return make_classification(
        n,
        n_features=20,
        n_informative=8,
        n_classes=3,
        n_clusters_per_class=2,
        random_state=int(rng.integers(2**31)),
    )


GP = GaussianProcessRegressor(RBF([1.0, 1]) + WhiteKernel(0.01))
REGRESSOR = InContextRegressor(random_state=0)
# Name and what suits it -> how it is drawn, numbers of rows, the default, and what suits it.
TABLES = {
    "spectra, the height of one peak; ridge regression": (
        spectrum,
        (20, 50, 100),
        REGRESSOR,
        make_pipeline(StandardScaler(), RidgeCV(np.logspace(-5, 3, 17))),
    ),
    "a smooth surface over two settings; Gaussian process": (
        surface,
        (20, 50, 100),
        REGRESSOR,
        make_pipeline(StandardScaler(), GP),
    ),
    "steps; random forest": (
        steps,
        (20, 50, 100),
        REGRESSOR,
        RandomForestRegressor(random_state=0),
    ),
    "three classes of two clusters each, accuracy; random forest": (
        clusters,
        (100, 500, 2_000),
        InContextClassifier(random_state=0),
        RandomForestClassifier(random_state=0),
    ),
}


def scores(name, size, seed):
    draw, _, *models = TABLES[name]
    X, y = draw(np.random.default_rng(seed), size + N_QUERIES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [max(-1, m.fit(X[:size], y[:size]).score(X[size:], y[size:])) for m in models]


def main():
    arguments = draws_of(__doc__, draws=12)
    print(f"means of {arguments.draws} draws, seed {arguments.seed}, {date.today()}\n")
    print("| table; what suits it | rows | default | what suits it |")
    print("|---" * 4 + "|")
    for t, (name, (_, sizes, *_)) in enumerate(TABLES.items()):
        found = [
            np.mean(
                Parallel(arguments.jobs)(
                    delayed(scores)(name, size, [arguments.seed, t, d])
                    for d in range(arguments.draws)
                ),
                axis=0,
            )
            for size in sizes
        ]
        cells = [" / ".join(f"{value:.2f}" for value in column) for column in np.transpose(found)]
        rows = " / ".join(f"{size:,}" for size in sizes)
        print(f"| {name} | {rows} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
