"""Few rows of real tables: a table learner beside scikit-learn's classifiers and regressors.

    SKMETA_DATA=... python benchmarks/tables.py --learners tabular mine.safetensors --draws 50

Tables that ship with scikit-learn, and those found as CSV files with a column ``target`` in the
folder ``tabular`` of SKMETA_DATA. They serve to choose between learners; no learner is trained
on them. "--tables cut" are fourteen more, with more noise, whose classes are quantiles of real
targets; "--tables wide" have a column for each value of whole numbers of 3 to 16 values, and
where that makes fewer than 41, columns of noise up to 60; "--tables turned" have a column of text
for a target, and their own target among the columns that tell it, often hardly; "--tables unseen"
are those of benchmarks/unseen.py, which served to choose nothing. Support and
queries of a draw are the same for all models, missing cells are filled with the table's medians,
text with the number of its level. Probabilities count as 1e-4 at least, R2 as -1 at least. SVC has
no probabilities: a softmax of its decision function stands in for them. The blend (--blend) is the
mean of the four classifiers, of which SVC is tuned by cross-validation, and of a tuned logistic
regression; of numbers, that of ridge, a Gaussian process and extra trees.
"""

import argparse
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import softmax
from scipy.stats import rankdata, sem
from scipy.stats import t as student_t
from sklearn import datasets
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from unseen import unseen_frames

from skmeta import InContextClassifier, InContextRegressor, load_learner

SIZES = (5, 10, 20, 50, 100)
N_QUERIES = 200
# Classes that a real target is cut into.
N_CUT = (2, 4)
# Wide tables have more columns than WIDE. Levels of a category, at most; columns with noise.
WIDE, MOST_LEVELS, N_NOISY = 40, 16, 60
LEAST_PROBABILITY = 1e-4
# Text as a target: levels of such a share of the rows at least, and so many classes at most.
LEAST_SHARE, MOST_CLASSES = 0.04, 10
# One table comes with a real target; of others a column is one.
TARGETS = {
    "diabetes": "target",
    "iris": "sepal length (cm)",
    "wine": "alcohol",
    "breast_cancer": "mean smoothness",
    "heart": "MaxHR",
    "income": "hours-per-week",
    "bank": "age",
}


def classifiers(seed):
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "extra trees": ExtraTreesClassifier(random_state=seed),
        "random forest": RandomForestClassifier(random_state=seed),
        "SVC": make_pipeline(StandardScaler(), SVC()),
    }


class ClassifierBlend(ClassifierMixin, BaseEstimator):
    """Mean of the probabilities of five classifiers, two of them tuned on the support."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, y):
        members = classifiers(self.seed)
        logistic, svc = members["logistic regression"], members.pop("SVC")
        self.classes_, counts = np.unique(y, return_counts=True)
        searches = [
            (logistic, {"logisticregression__C": np.logspace(-3, 3, 7)}),
            (svc, {"svc__C": np.logspace(-1, 3, 5), "svc__gamma": np.logspace(-3, 1, 5)}),
        ]
        n_folds = min(5, counts.min())  # where a class has one row there is nothing to tune on
        tuned = [
            GridSearchCV(model, grid, cv=n_folds) if n_folds > 1 else model
            for model, grid in searches
        ]
        self.members_ = [clone(model).fit(X, y) for model in (*members.values(), *tuned)]
        return self

    def predict_proba(self, X):
        return np.mean([probabilities(member, X) for member in self.members_], axis=0)


def regressors(seed):
    return {
        "ridge": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 13))),
        "extra trees": ExtraTreesRegressor(random_state=seed),
        "random forest": RandomForestRegressor(random_state=seed),
    }


def regressor_blend(seed):
    kernel = ConstantKernel() * RBF(5.0) + WhiteKernel()
    members = regressors(seed)
    members["GP"] = make_pipeline(
        StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True)
    )
    return VotingRegressor([(name, members[name]) for name in ("ridge", "GP", "extra trees")])


def csv_frames():
    """Name -> frame of each CSV file."""
    folder = Path(os.environ.get("SKMETA_DATA", "")) / "tabular"
    return {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}


def real_tables(kind):
    """Name -> (X, y): numbers, with codes for text and medians for missing cells."""
    frames = {}
    for name in ("iris", "wine", "breast_cancer", "digits"):
        frames[name] = getattr(datasets, f"load_{name}")(as_frame=True).frame
    frames |= csv_frames()
    if kind == "classification":
        return {name: _columns_and_target(frame, "target") for name, frame in frames.items()}
    frames["diabetes"] = datasets.load_diabetes(as_frame=True).frame
    targets = {name: target for name, target in TARGETS.items() if name in frames}
    return {
        f"{name}: {target}": _columns_and_target(frames[name], target)
        for name, target in targets.items()
    }


def cut_tables(kind):
    """Name -> (X, y): tables of regression, whose classes are quantiles of the target."""
    tables = {}
    for name, (X, y) in real_tables("regression").items():
        for n_classes in N_CUT:
            borders = np.quantile(y, np.arange(1, n_classes) / n_classes)
            tables[f"{name} in {n_classes}"] = X, np.searchsorted(borders, y)
    return tables


def turned_tables(kind):
    """Name -> (X, y): CSV files with a column of text in the place of their target."""
    tables = {}
    for name, frame in csv_frames().items():
        texts = frame.drop(columns="target").select_dtypes(exclude="number")
        for column in texts:
            shares = frame[column].value_counts(normalize=True)[:MOST_CLASSES]
            classes = shares[shares >= LEAST_SHARE].index
            if len(classes) > 1:
                rows = frame[frame[column].isin(classes)].copy()
                tables[f"{name}: {column}"] = _columns_and_target(rows, column)
    return tables


def wide_tables(kind):
    """Name -> (X, y): a column for each level of whole numbers, and noise, until they are wide."""
    tables, rng = {}, np.random.default_rng(0)
    for name, (X, y) in real_tables(kind).items():
        if X.shape[1] <= WIDE:
            X = np.hstack([_levels_apart(column) for column in X.T])
        if X.shape[1] <= WIDE:
            X = np.hstack([X, rng.normal(size=(len(X), N_NOISY - X.shape[1]))])
        tables[name] = X[:, rng.permutation(X.shape[1])], y
    return tables


def unseen_tables(kind):
    """Name -> (X, y): tables that served to choose nothing."""
    return {name: _columns_and_target(*found) for name, found in unseen_frames(kind).items()}


def _levels_apart(column):
    levels = np.unique(column)
    if 2 < len(levels) <= MOST_LEVELS and (levels == levels.round()).all():
        return (column[:, None] == levels).astype(float)
    return column[:, None]


MADE = {
    "plain": real_tables,
    "cut": cut_tables,
    "wide": wide_tables,
    "turned": turned_tables,
    "unseen": unseen_tables,
}


def _columns_and_target(frame, target):
    for column in frame.select_dtypes(exclude="number"):
        codes = pd.factorize(frame[column], sort=True)[0]
        frame[column] = np.where(codes < 0, np.nan, codes)
    frame = frame.fillna(frame.median())
    return frame.drop(columns=target).to_numpy(float), frame[target].to_numpy()


def draw(rng, X, y, n_support, kind):
    """A random support of half as many classes as rows, if there are so many; queries of them."""
    for _ in range(1_000):
        order = rng.permutation(len(X))
        support, queries = order[:n_support], order[n_support : n_support + N_QUERIES]
        if kind == "regression":
            return support, queries
        n_classes = len(np.unique(y[support]))
        if n_classes >= min(len(np.unique(y)), max(2, n_support // 2)):
            return support, queries[np.isin(y[queries], y[support])]
    raise RuntimeError("No support holds enough classes.")


def probabilities(model, X):
    """A model's probabilities; softmax of its decision function where it has none."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)
    decision = model.decision_function(X)
    if decision.ndim == 1:
        decision = np.stack([-decision / 2, decision / 2], axis=1)
    return softmax(decision, axis=1)


def class_scores(model, X_query, y_query):
    """Accuracy, area under the ROC curve (one against the rest), and log-loss."""
    proba = np.clip(probabilities(model, X_query), LEAST_PROBABILITY, None)
    proba /= proba.sum(axis=1, keepdims=True)
    accuracy = (model.classes_[proba.argmax(axis=1)] == y_query).mean()
    areas = [
        roc_auc_score(y_query == label, proba[:, i])
        for i, label in enumerate(model.classes_)
        if 0 < (y_query == label).sum() < len(y_query)
    ]
    return accuracy, np.mean(areas), log_loss(y_query, proba, labels=model.classes_)


def score(model, kind, X, y, size, seed):
    """Scores of a model on one support and its queries."""
    support, queries = draw(np.random.default_rng(seed), X, y, size, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more columns than places
        fitted = clone(model).fit(X[support], y[support])
        if kind == "classification":
            return class_scores(fitted, X[queries], y[queries])
        return (max(-1.0, r2_score(y[queries], fitted.predict(X[queries]))),)


def compare(models, kind, tables, draws, seed, n_jobs):
    """Scores of shape (models, tables, sizes, draws, scores)."""
    scores = Parallel(n_jobs)(
        delayed(score)(model, kind, X, y, size, [seed, t, s, d])
        for model in models.values()
        for t, (X, y) in enumerate(tables.values())
        for s, size in enumerate(SIZES)
        for d in range(draws)
    )
    return np.reshape(scores, (len(models), len(tables), len(SIZES), draws, -1))


def draws_of(doc, draws):
    """Arguments of a benchmark: how many draws, by which seed, and of how many processes."""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    parser.add_argument("--draws", type=int, default=draws)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def half_width(gains):
    """Half of Student's 95 % interval of the mean of paired gains, along the first axis."""
    return student_t.ppf(0.975, len(gains) - 1) * sem(gains)


def report(kind, names, tables, scores):
    """Tables in Markdown: means over tables and draws, and mean ranks over tables."""
    measures = ("accuracy", "AUC", "log-loss") if kind == "classification" else ("R2",)
    lines = [
        f"{kind}: {', '.join(tables)}; means of {scores.shape[3]} draws, mean rank in brackets"
    ]
    for i, measure in enumerate(measures):
        by_table = scores[..., i].mean(axis=3)  # (models, tables, sizes)
        sign = 1 if measure == "log-loss" else -1
        ranks = rankdata(sign * by_table, axis=0).mean(axis=1)
        lines += ["", f"| {measure}, rows: | " + " | ".join(map(str, SIZES)) + " |"]
        lines += ["|---" * (len(SIZES) + 1) + "|"]
        for name, means, rank in zip(names, by_table.mean(axis=1), ranks, strict=True):
            cells = [f"{mean:.3f} ({r:.1f})" for mean, r in zip(means, rank, strict=True)]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--learners", nargs="+", default=["tabular"], help="names or files")
    parser.add_argument("--members", nargs="+", default=["auto"], help="numbers, or auto")
    parser.add_argument("--temperatures", nargs="+", help="of a classifier: numbers, or auto")
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tables", choices=MADE, default="plain")
    parser.add_argument("--blend", action="store_true", help="a blend of tuned models, too")
    parser.add_argument("--no-baselines", action="store_true")
    arguments = parser.parse_args()
    kind = load_learner(arguments.learners[0]).spec.kind
    if kind == "regression" and (arguments.temperatures or arguments.tables in ("cut", "turned")):
        parser.error("temperatures, cut targets and turned tables are for classifiers")
    estimator = InContextClassifier if kind == "classification" else InContextRegressor
    models = {
        f"{learner.removesuffix('.safetensors')}, {n} members": estimator(
            learner, n_members=n if n == "auto" else int(n), random_state=arguments.seed
        )
        for learner in arguments.learners
        for n in arguments.members
    }
    if arguments.temperatures:
        models = {
            f"{name}, temperature {t}": clone(model).set_params(
                temperature=t if t == "auto" else float(t)
            )
            for name, model in models.items()
            for t in arguments.temperatures
        }
    if not arguments.no_baselines:
        models |= (classifiers if kind == "classification" else regressors)(arguments.seed)
    if arguments.blend:
        blend = ClassifierBlend if kind == "classification" else regressor_blend
        models["blend"] = blend(arguments.seed)
    tables = MADE[arguments.tables](kind)
    if not tables:
        parser.error("turned tables are made of CSV files in SKMETA_DATA")
    scores = compare(models, kind, tables, arguments.draws, arguments.seed, arguments.jobs)
    print(report(kind, models, tables, scores))


if __name__ == "__main__":
    main()
