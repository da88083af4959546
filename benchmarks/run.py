"""Speed of meta-training and of the estimators, as ratios in one run.

    python benchmarks/run.py            (make bench)

Prints a Markdown table; ``--write docs/speed.md`` keeps it.
"""

import argparse
import os
import pickle
import platform
import subprocess
import sys
import time
from datetime import date
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import joblib
import numpy as np

SEED = 0
BATCH, STEPS, PIXELS, CLASSES = 16, 50, 400, 5
WAYS, SHOTS, EPISODES = 20, 5, 2


def best_ms(function, repeats):
    """Milliseconds of the fastest of some calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def compiled(network, optimizer="adam", precision="float32"):
    """A network to be trained as MetaTrainer trains it."""
    from skmeta.training.network import MetaNetwork, StepLoss, compiled_by_xla
    from skmeta.training.optimizer import make_optimizer

    model = MetaNetwork(network, network.initial_weights(SEED), precision)
    model.compile(
        optimizer=make_optimizer(optimizer, 1e-3),
        loss=StepLoss(network),
        jit_compile=compiled_by_xla(network),
    )
    return model


def few_shot_times(repeats):
    """The learner `omniglot`: a training step on 20 ways and 5 shots, and fit and predict."""
    from skmeta import InContextClassifier, load_learner
    from skmeta.datasets import load_omniglot_sample

    learner = load_learner("omniglot")
    sample = load_omniglot_sample(28)
    images = sample.images.reshape(-1, 20, 28, 28)[:WAYS, : 2 * SHOTS]
    X, queries = (part.reshape(-1, 28, 28) for part in np.split(images, 2, axis=1))
    y = np.repeat(np.arange(WAYS), SHOTS)
    rows = {
        "inputs": np.stack([X] * EPISODES),
        "labels": np.stack([np.eye(learner.spec.n_outputs, dtype=np.float32)[y]] * EPISODES),
    }
    model = compiled(learner.network.in_training(), "muon", "bfloat16")
    targets = np.stack([y] * EPISODES)
    model.train_on_batch(rows, targets)
    step = [best_ms(lambda: model.train_on_batch(rows, targets), 1) for _ in range(repeats)]
    clf = InContextClassifier("omniglot").fit(X, y)
    fitted = {
        "fit": best_ms(lambda: clf.fit(X, y), repeats),
        "predict of as many": best_ms(lambda: clf.predict(queries), repeats),
    }
    return float(np.median(step)), fitted


def training_steps(repeats):
    """One training step of the MANN at the paper's size: ours, and a plain Keras cell."""
    from plain_mann import plain_mann

    from skmeta.episodes import TaskSpec
    from skmeta.memory import LSTM, MANN
    from skmeta.networks import Network

    rng = np.random.default_rng(SEED)
    x = rng.random((BATCH, STEPS, 20, 20), dtype=np.float32)
    targets = rng.integers(0, CLASSES, (BATCH, STEPS))
    labels = np.eye(CLASSES, dtype=np.float32)[targets]
    before = np.concatenate([np.zeros_like(labels[:, :1]), labels[:, :-1]], axis=1)
    rows = np.concatenate([x.reshape(BATCH, STEPS, PIXELS), before], axis=2)

    def ours(memory):
        model = compiled(Network(TaskSpec("classification", (20, 20), CLASSES), memory))
        return lambda: model.train_on_batch({"inputs": x, "labels": labels}, targets)

    plain = plain_mann(PIXELS + CLASSES, CLASSES)
    runs = {
        "MANN, skmeta": ours(MANN()),
        "MANN, plain keras.layers.RNN": lambda: plain.train_on_batch(rows, targets),
        "LSTM 200, skmeta": ours(LSTM()),
    }
    for run in runs.values():
        run()
    found = {name: [] for name in runs}
    for _ in range(repeats):  # in turn, so that a busy moment hits all of them
        for name, run in runs.items():
            found[name].append(best_ms(run, 1))
    return {name: float(np.median(times)) for name, times in found.items()}


def estimator_times(repeats):
    """Fit, predict, partial_fit and pickle of a MANN at the paper's size."""
    from skmeta import InContextClassifier, load_learner
    from skmeta.datasets import load_omniglot_sample

    sample = load_omniglot_sample()
    rows = np.random.default_rng(SEED).permutation(np.flatnonzero(sample.target < CLASSES))
    X, y = sample.images[rows[:50]], sample.target[rows[:50]]
    queries = sample.images[np.random.default_rng(SEED).choice(len(sample.images), 200)]
    load_learner("mann-omniglot")
    clf = InContextClassifier(learner="mann-omniglot").fit(X, y)
    found = {
        "fit 50 drawings": best_ms(lambda: clf.fit(X, y), repeats),
        "predict 200 drawings": best_ms(lambda: clf.predict(queries), repeats),
    }
    found["fit 50 and predict 200"] = best_ms(lambda: clf.fit(X, y).predict(queries), repeats)
    clf.fit(X[:10], y[:10])
    found["partial_fit of one row at row 10"] = best_ms(
        lambda: clf.partial_fit(X[10:11], y[10:11]), repeats
    )
    stream = np.random.default_rng(SEED).integers(0, 50, 10_000)
    clf.partial_fit(X[stream], y[stream])
    found["partial_fit of one row at row 10,000"] = best_ms(
        lambda: clf.partial_fit(X[10:11], y[10:11]), repeats
    )
    return found, len(pickle.dumps(clf)) / 1000


FRESH_PROCESSES = {
    "first fit and predict of a fresh process, imports included": """
import numpy as np
from skmeta import InContextClassifier
X = np.random.default_rng(0).normal(size=(250, 10))
InContextClassifier().fit(X[:50], X[:50, 0] > 0).predict(X[50:])
""",
    "`import sklearn.base` alone, in a fresh process": "import sklearn.base",
}


def peak_megabytes():
    """Most memory that this process has had so far, on Linux.

    The maximum of getrusage begins with that of the process it was started from.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def fit_and_predict(model, X, y, queries):
    return model.fit(X, y).predict(queries)


def table_times(repeats):
    """The default learner of tables beside a random forest, and what does not grow.

    Returns times, kilobytes of a pickle for each table, and megabytes of a worker of the search.
    """
    from sklearn.datasets import load_breast_cancer, load_digits
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV
    from sklearn.utils import shuffle

    from skmeta import InContextClassifier

    found, kilobytes = {}, {}
    for table, load in (("digits", load_digits), ("breast cancer", load_breast_cancer)):
        X, y = shuffle(*load(return_X_y=True), random_state=SEED)  # of the last is what follows
        queries = X[50:250]
        for model in (RandomForestClassifier(random_state=SEED), InContextClassifier()):
            found[f"{table}: fit 50 rows and predict 200, `{type(model).__name__}()`"] = best_ms(
                partial(fit_and_predict, model, X[:50], y[:50], queries), repeats
            )
            many = np.resize(queries, (5_000, X.shape[1]))
            found[f"{table}: fit 100 rows and predict 5,000, `{type(model).__name__}()`"] = best_ms(
                partial(fit_and_predict, model, X[:100], y[:100], many), 3
            )
        model.fit(X[:50], y[:50])
        kilobytes[table] = len(pickle.dumps(model)) / 1000
    for n_rows in (10, 1_000):
        known = np.resize(np.arange(len(y)), n_rows)
        fitted = InContextClassifier(n_members=2, random_state=SEED).fit(X[known], y[known])
        found[f"predict 200 rows after {n_rows:,}"] = best_ms(
            lambda fitted=fitted: fitted.predict(queries), repeats
        )
    for name, code in FRESH_PROCESSES.items():
        found[name] = best_ms(
            lambda code=code: subprocess.run([sys.executable, "-c", code], check=True), 3
        )
    grid = {"n_members": [1, 2], "temperature": [0.7, 0.8, 0.9, 1.0, 1.2]}
    for n_jobs in (1, 2):
        search = GridSearchCV(InContextClassifier(random_state=SEED), grid, cv=5, n_jobs=n_jobs)
        search.fit(X[:125], y[:125])  # workers are there
        found[f"GridSearchCV of 50 fits of 100 rows, n_jobs={n_jobs}"] = best_ms(
            lambda search=search: search.fit(X[:125], y[:125]), 2
        )
    workers = joblib.Parallel(2)(joblib.delayed(peak_megabytes)() for _ in range(8))
    return found, kilobytes, max(workers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--write", type=Path, help="also write the page to this file")
    arguments = parser.parse_args()

    # First, as people have it: a backend of Keras, once in the process, slows it down.
    tables, sizes, megabytes = table_times(arguments.repeats)
    training = training_steps(arguments.repeats)
    times, kilobytes = estimator_times(arguments.repeats)
    import keras

    plain = training["MANN, plain keras.layers.RNN"]
    lines = [
        "# Speed",
        "",
        f"`python benchmarks/run.py --repeats {arguments.repeats}`, seed {SEED}, {date.today()}, "
        f"{joblib.cpu_count()} core(s) of {os.cpu_count()}, {platform.machine()}, "
        f"Keras {keras.__version__} on {keras.backend.backend()}, XLA for loops over rows. "
        "Medians of training steps taken in turn; "
        "fastest of the estimators' calls.",
        "",
        f"One training step, {BATCH} episodes of {STEPS} pictures of 20 x 20 pixels:",
        "",
        "| network | ms | ratio to plain | steps a second |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {ms:.0f} | {ms / plain:.2f} | {1000 / ms:.1f} |"
        for name, ms in training.items()
    ]
    lines += [
        "",
        '`InContextClassifier(learner="mann-omniglot")`, NumPy engine, warm:',
        "",
        "| call | ms |",
        "|---|---|",
    ]
    lines += [f"| {name} | {ms:.2f} |" for name, ms in times.items()]
    lines += ["", f"A fitted estimator pickles to {kilobytes:.0f} kB."]
    step, fitted = few_shot_times(arguments.repeats)
    lines += [
        "",
        f"`omniglot`, {WAYS} classes of {SHOTS} drawings of 28 x 28 pixels: a training step "
        f"(Muon) of {EPISODES} such episodes takes {step:.0f} ms, {1000 * EPISODES / step:.1f} "
        "episodes a second. As an estimator, NumPy engine, warm:",
        "",
        "| call | ms |",
        "|---|---|",
    ]
    lines += [f"| {name} | {ms:.0f} |" for name, ms in fitted.items()]
    lines += ["", "Tables, the default learner: digits have 64 columns, breast cancer 30.", ""]
    lines += ["| call | ms |", "|---|---|"]
    lines += [f"| {name} | {ms:.1f} |" for name, ms in tables.items()]
    sizes = ", ".join(f"{kilobytes:.0f} kB ({table})" for table, kilobytes in sizes.items())
    lines += [
        "",
        f"A fitted estimator pickles to {sizes}; a worker of the search with two jobs had "
        f"{megabytes:.0f} MB at most.",
    ]
    page = "\n".join(lines) + "\n"
    print(page)
    if arguments.write:
        arguments.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
