"""The figures of README and docs/results.md, computed on test tasks.

    python benchmarks/results.py --write docs/results.md

Needs Omniglot (fetched, or found through SKMETA_DATA). Nothing here was used
for training or for the choice of a learner.
"""

import argparse
import os
import platform
import warnings
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import PolynomialFeatures

from skmeta import InContextClassifier, list_learners, load_learner
from skmeta.inspection import SANTORO_LSTM, SANTORO_MANN
from skmeta.tasks import GaussianProcessTasks, OmniglotTasks, QuadraticTasks, SineTasks
from skmeta.training.evaluation import accuracy_by_instance, error_by_shots

SEED = 0
INSTANCES = (1, 2, 3, 4, 5, 10)
SHOTS = (5, 10, 15, 20, 25, 30, 35, 50)


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"] + [
        "| " + " | ".join(row) + " |" for row in rows
    ]


def percent(accuracy, interval=None):
    text = f"{100 * accuracy:.1f}"
    return text if interval is None else f"{text} ± {100 * interval:.1f}"


def omniglot_by_instance(n_episodes):
    """Accuracy at the i-th drawing of a character, online protocol."""
    tasks = OmniglotTasks("test", rotations=False, max_shift=0.0, max_angle=0.0)
    turned = OmniglotTasks("test", rotations=True, max_shift=0.0, max_angle=0.0)
    held_out = OmniglotTasks("validation", rotations=False, max_shift=0.0, max_angle=0.0)
    families = (
        (tasks, "", 1),
        (tasks, ", mean of 8 permutations of the labels", 8),
        (turned, ", turned characters too", 1),
        (held_out, ", 60 validation characters", 1),
    )
    rows = []
    for name in ("mann-omniglot", "lstm-omniglot"):
        for family, note, n_members in families:
            result = accuracy_by_instance(
                load_learner(name), family, n_episodes=n_episodes, seed=SEED, n_members=n_members
            )
            cells = [percent(result.accuracy[i - 1], result.interval[i - 1]) for i in INSTANCES]
            rows.append([name + note, *cells])
    for name, paper in (("MANN", SANTORO_MANN), ("LSTM", SANTORO_LSTM)):
        rows.append([f"{name}, Santoro et al. 2016", *[percent(paper[i]) for i in INSTANCES]])
    return table(["learner \\ drawing", *map(str, INSTANCES)], rows)


def omniglot_by_shots(n_episodes):
    """Five-way accuracy after K drawings a class: our estimator and scikit-learn's, same draws."""
    shots = (1, 2, 4, 9)
    tasks = OmniglotTasks("test", n_shots=12, rotations=False, max_shift=0.0, max_angle=0.0)
    models = {
        "mann-omniglot": InContextClassifier(learner="mann-omniglot"),
        "mann-omniglot, 8 members": InContextClassifier(
            learner="mann-omniglot", n_members=8, random_state=SEED
        ),
        "lstm-omniglot": InContextClassifier(learner="lstm-omniglot"),
        "logistic regression": LogisticRegression(max_iter=1000),
        "random forest": RandomForestClassifier(random_state=SEED),
    }
    right = {name: {k: [] for k in shots} for name in models}
    for episode in range(n_episodes):
        batch = tasks.batch(episode, 1, seed=SEED + 1)
        X, y = batch.inputs[0].reshape(60, -1), batch.targets[0]
        number = np.array([(y[:t] == y[t]).sum() for t in range(60)])
        queries = number >= 9
        for k in shots:
            support = number < k
            for name, model in models.items():
                answers = model.fit(X[support], y[support]).predict(X[queries])
                right[name][k].append((answers == y[queries]).mean())
    rows = []
    for name in models:
        cells = []
        for k in shots:
            scores = np.array(right[name][k])
            cells.append(percent(scores.mean(), 1.96 * scores.std() / np.sqrt(n_episodes)))
        rows.append([name, *cells])
    return table(["estimator \\ drawings of each class", *map(str, shots)], rows)


def quadratics(n_tasks):
    """Mean squared error on noise-free queries by number of examples, unit variance."""
    tasks = QuadraticTasks()
    errors = error_by_shots(
        load_learner("lstm-quadratic"), tasks, SHOTS, n_tasks=n_tasks, seed=SEED
    )
    X, y, X_query, y_query = tasks.evaluation_problems(n_tasks, max(SHOTS), 200, seed=SEED)
    monomials = PolynomialFeatures(2, include_bias=False).fit(X[0])
    found = {"5 nearest neighbours": [], "ridge on the true monomials": []}
    for k in SHOTS:
        each = {name: [] for name in found}
        for i in range(n_tasks):
            near = KNeighborsRegressor(min(5, k), weights="distance").fit(X[i, :k], y[i, :k])
            each["5 nearest neighbours"].append(
                np.mean((near.predict(X_query[i]) - y_query[i]) ** 2)
            )
            ridge = Ridge(1e-6).fit(monomials.transform(X[i, :k]), y[i, :k])
            answers = ridge.predict(monomials.transform(X_query[i]))
            each["ridge on the true monomials"].append(np.mean((answers - y_query[i]) ** 2))
        for name in found:
            found[name].append(np.mean(each[name]))
    rows = [
        ["lstm-quadratic"]
        + [f"{e:.4f} ± {h:.4f}" for e, h in zip(errors.error, errors.interval, strict=True)]
    ]
    rows += [[name, *[f"{e:.4f}" for e in values]] for name, values in found.items()]
    return table(["learner \\ examples", *map(str, SHOTS)], rows)


def sines(path, n_tasks):
    """Mean squared error on noise-free queries by number of points."""
    shots = (5, 10, 20)
    errors = error_by_shots(load_learner(path), SineTasks(), shots, n_tasks=n_tasks, seed=SEED)
    found = [f"{e:.4f} ± {h:.4f}" for e, h in zip(errors.error, errors.interval, strict=True)]
    rows = [["lstm-sine", *found], ["plain LSTM, Huisman et al. 2023", ".028", ".0084", ".0042"]]
    return table(["learner \\ points", *map(str, shots)], rows)


def gaussian_process(n_tasks):
    """Mean squared error of the noise-free function, beside the exact process."""
    tasks = GaussianProcessTasks()
    errors = error_by_shots(load_learner("mann-gp"), tasks, SHOTS, n_tasks=n_tasks, seed=SEED)
    X, y, X_query, y_query = tasks.evaluation_problems(n_tasks, max(SHOTS), 200, seed=SEED)
    exact = []
    for k in SHOTS:
        mean, _ = tasks.oracle_predict(X[:, :k], y[:, :k], X_query)
        exact.append(np.mean((mean - y_query) ** 2))
    rows = [
        ["mann-gp"]
        + [f"{e:.4f} ± {h:.4f}" for e, h in zip(errors.error, errors.interval, strict=True)],
        ["exact Gaussian process", *[f"{e:.4f}" for e in exact]],
    ]
    return table(["learner \\ examples", *map(str, SHOTS)], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--baseline-episodes", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--sine", type=Path, help="lstm-sine.safetensors, which is not shipped")
    parser.add_argument("--write", type=Path, help="also write the page to this file")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")

    sine = "" if arguments.sine is None else f" --sine {arguments.sine.name}"
    options = f"--episodes {arguments.episodes} --baseline-episodes {arguments.baseline_episodes}"
    lines = [
        "# Results",
        "",
        f"`python benchmarks/results.py {options} --tasks {arguments.tasks}{sine}`, seed {SEED}, "
        f"{date.today()}, {os.cpu_count()} cores {platform.machine()}. 95 % intervals.",
    ]
    shipped = list_learners()
    sections = [
        (
            {"mann-omniglot", "lstm-omniglot"},
            "Omniglot, 5 characters, 50 drawings, 423 test characters: accuracy in %, "
            f"by drawing of a character, {arguments.episodes} episodes",
            lambda: omniglot_by_instance(arguments.episodes),
        ),
        (
            {"mann-omniglot", "lstm-omniglot"},
            "The same characters, K drawings of each to fit: accuracy in %, "
            f"{arguments.baseline_episodes} paired draws",
            lambda: omniglot_by_shots(arguments.baseline_episodes),
        ),
        (
            {"lstm-quadratic"},
            f"Quadratic functions: mean squared error (unit variance), {arguments.tasks} functions",
            lambda: quadratics(arguments.tasks),
        ),
        (
            {"mann-gp"},
            f"Noisy functions of one variable: mean squared error, {arguments.tasks} functions",
            lambda: gaussian_process(arguments.tasks),
        ),
    ]
    for needed, title, compute in sections:
        if needed <= set(shipped):
            lines += ["", f"## {title}", "", *compute()]
    if arguments.sine is not None:
        title = f"Sine waves: mean squared error, {arguments.tasks} functions"
        recipe = "Made with `skmeta train benchmarks/recipes/lstm-sine.toml`; not shipped."
        lines += ["", f"## {title}", "", recipe, "", *sines(arguments.sine, arguments.tasks)]
    page = "\n".join(lines) + "\n"
    print(page)
    if arguments.write:
        arguments.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
