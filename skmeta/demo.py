"""``skmeta demo``: three shipped learners at work on what the package and scikit-learn ship."""

from __future__ import annotations

import time
from contextlib import suppress

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta.artifacts import load_learner
from skmeta.datasets import load_omniglot_sample
from skmeta.estimators import InContextClassifier, InContextRegressor
from skmeta.inspection import SANTORO_MANN, EpisodeDisplay
from skmeta.inspection._axes import check_picture
from skmeta.tasks import QuadraticTasks, from_classes
from skmeta.training.evaluation import accuracy_by_instance, error_by_shots

N_EPISODES = 200
N_CLASSES = 5
N_SUPPORT = 3
PICTURE_SEED = 3
N_DRAWS = 50
INSTANCES = (1, 2, 3, 4, 5, 10)
SHOTS = (1, 2, 5, 10, 20, 35, 50)
TABLE_ROWS = (10, 20, 50, 100)
N_TABLE_DRAWS = 10


def run(picture: str) -> None:
    """Print what three learners learn from how few examples, and draw one episode.

    Parameters
    ----------
    picture : str
        File to draw into; without matplotlib none is drawn.

    Raises
    ------
    OSError
        If there is no folder for it.
    ValueError
        If matplotlib has no such format.
    """
    with suppress(ImportError):
        check_picture(picture)
    _characters(picture)
    _quadratics()
    _table()


def _characters(picture):
    learner = load_learner("omniglot")
    sample = load_omniglot_sample(learner.spec.input_shape[0])
    n_characters = len(sample.characters)
    print(f"1. Handwritten characters: {n_characters} characters that omniglot never saw.")
    print("   Five at a time, one drawing after the other: first the answer, then the label.\n")
    tasks = from_classes(
        sample.images,
        sample.target,
        n_classes=N_CLASSES,
        n_shots=10,
        n_labels=learner.spec.n_outputs,
    )
    result = accuracy_by_instance(learner, tasks, n_episodes=N_EPISODES, seed=0)
    print("   drawing of a character " + "".join(f"{_nth(i):>8}" for i in INSTANCES))
    ours = [100 * result.accuracy[i - 1] for i in INSTANCES]
    print("   omniglot, % right      " + "".join(f"{a:>8.1f}" for a in ours))
    theirs = [100 * SANTORO_MANN[i] for i in INSTANCES]
    print("   Santoro et al. 2016, % " + "".join(f"{a:>8.1f}" for a in theirs))
    print(f"   ({N_EPISODES} episodes, seed 0; the paper has its own 423 characters)\n")

    (X_support, y_support), (X, y) = one_episode(sample, np.random.default_rng(PICTURE_SEED))
    clf = InContextClassifier(learner="omniglot")
    start = time.perf_counter()
    right = (clf.fit(X_support, y_support).predict(X) == y).mean()
    print(
        f"   As an estimator: fit on {len(y_support)} drawings and predict {len(y)} others in "
        f"{1000 * (time.perf_counter() - start):.0f} ms, {100 * right:.0f} % right."
    )
    print(
        f"   That is one draw of characters; {N_DRAWS} draws: {_mean_of_draws(sample):.0f} % right."
    )
    try:
        display = EpisodeDisplay.from_estimator(clf, X_support, y_support, X, y).plot()
    except ImportError:
        print("   No picture without matplotlib: pip install matplotlib\n")
        return
    display.figure_.savefig(picture, dpi=110)
    print(f"   Drawn in {picture}.\n")


def _mean_of_draws(sample):
    clf, shares = InContextClassifier(learner="omniglot"), []
    for seed in range(N_DRAWS):
        support, (X, y) = one_episode(sample, np.random.default_rng(seed))
        shares.append(clf.fit(*support).score(X, y))
    return 100 * np.mean(shares)


def one_episode(sample, rng):
    """Draw three drawings each of five packaged characters to learn from, and three to ask for.

    Parameters
    ----------
    sample : Bunch
        As :func:`skmeta.datasets.load_omniglot_sample` returns it.
    rng : numpy.random.Generator
        Chooses characters and drawings.

    Returns
    -------
    support, queries : pairs of ndarrays
        Pictures and their characters, 15 each.
    """
    chosen = rng.choice(len(sample.characters), N_CLASSES, replace=False)
    drawings = rng.permuted(np.tile(np.arange(20), (N_CLASSES, 1)), axis=1)
    rows = chosen[:, None] * 20 + drawings
    support = rng.permutation(rows[:, :N_SUPPORT].ravel())
    queries = rows[:, N_SUPPORT : N_SUPPORT + 3].ravel()
    return (
        (sample.images[support], sample.target[support]),
        (sample.images[queries], sample.target[queries]),
    )


def _quadratics():
    learner = load_learner("lstm-quadratic")
    print(
        f"2. Quadratic functions of two variables: lstm-quadratic, {learner.n_weights:,} weights."
    )
    print("   New functions, mean squared error (1 = answering the mean) on 200 points each:\n")
    errors = error_by_shots(learner, QuadraticTasks(), SHOTS, n_tasks=100, seed=0)
    print("   examples           " + "".join(f"{k:>9}" for k in errors.shots))
    print("   mean squared error " + "".join(f"{e:>9.4f}" for e in errors.error))

    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (36, 2))
    y = 0.8 * X[:, 0] ** 2 - 0.5 * X[:, 0] * X[:, 1] + 0.3 * X[:, 1] - 0.2
    reg = InContextRegressor(learner="lstm-quadratic").fit(X[:35], y[:35])
    mean, std = reg.predict(X[35:], return_std=True)
    print("\n   As an estimator, after 35 examples of 0.8 a^2 - 0.5 ab + 0.3 b - 0.2:")
    print(
        f"   f({X[35, 0]:.2f}, {X[35, 1]:.2f}) = {mean[0]:.3f} +- {std[0]:.3f}"
        f", in truth {y[35]:.3f}."
    )


def _table():
    X, y = load_breast_cancer(return_X_y=True)
    print(f"\n3. A real table, breast cancer, {X.shape[1]} columns: tabular, the default learner.")
    print(f"   Few rows to learn from, 200 others to ask for, {N_TABLE_DRAWS} draws, % right:\n")
    models = {
        "InContextClassifier()": InContextClassifier(random_state=0),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
        "random forest": RandomForestClassifier(random_state=0),
    }
    print(f"   {'rows':<24}" + "".join(f"{n:>9}" for n in TABLE_ROWS))
    for name, model in models.items():
        cells = []
        for n_rows in TABLE_ROWS:
            draws = StratifiedShuffleSplit(
                N_TABLE_DRAWS, train_size=n_rows, test_size=200, random_state=0
            )
            cells.append(100 * cross_val_score(model, X, y, cv=draws).mean())
        print(f"   {name:<24}" + "".join(f"{share:>9.1f}" for share in cells))


def _nth(i):
    return f"{i}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(i, 'th') }"
