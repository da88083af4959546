"""Few rows of real tables: a table learner beside scikit-learn's classifiers and regressors.

    SKMETA_DATA=... python benchmarks/tables.py --learner mine.safetensors --draws 50

Tables that ship with scikit-learn, and those found as CSV files with a column ``target`` in the
folder ``tabular`` of SKMETA_DATA. They serve to choose between learners; no learner is trained
on them. Support and queries of a draw are the same for all models.
"""

import argparse
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import InContextClassifier, InContextRegressor, load_learner

SIZES = (5, 10, 20, 50, 100)
N_QUERIES = 200
LEAST_PROBABILITY = 1e-4


def classifiers(seed):
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "extra trees": ExtraTreesClassifier(random_state=seed),
        "random forest": RandomForestClassifier(random_state=seed),
        "SVC": make_pipeline(StandardScaler(), SVC(probability=True, random_state=seed)),
    }


def regressors(seed):
    return {
        "ridge": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 13))),
        "extra trees": ExtraTreesRegressor(random_state=seed),
        "random forest": RandomForestRegressor(random_state=seed),
    }


def real_tables(kind):
    """Name -> (X, y): numbers, with codes for text and medians for missing cells."""
    loaders = {
        "classification": ("iris", "wine", "breast_cancer", "digits"),
        "regression": ("diabetes",),
    }[kind]
    found = {}
    for name in loaders:
        found[name] = getattr(datasets, f"load_{name}")(return_X_y=True)
    folder = Path(os.environ.get("SKMETA_DATA", "")) / "tabular"
    for path in sorted(folder.glob("*.csv")) if kind == "classification" else ():
        frame = pd.read_csv(path)
        y = pd.factorize(frame.pop("target"), sort=True)[0]
        for column in frame.select_dtypes(exclude="number"):
            codes = pd.factorize(frame[column], sort=True)[0]
            frame[column] = np.where(codes < 0, np.nan, codes)
        found[path.stem] = frame.fillna(frame.median()).to_numpy(float), y
    return found


def draw(rng, X, y, n_support, kind):
    """A random support, each class in it where there is room, and queries of its classes."""
    for _ in range(1_000):
        order = rng.permutation(len(X))
        support, queries = order[:n_support], order[n_support : n_support + N_QUERIES]
        if kind == "regression":
            return support, queries
        n_classes = len(np.unique(y[support]))
        if n_classes >= min(len(np.unique(y)), max(2, n_support // 2)):
            return support, queries[np.isin(y[queries], y[support])]
    raise RuntimeError("No support holds enough classes.")


def class_scores(model, X_query, y_query):
    """Accuracy, area under the ROC curve (one against the rest), and log-loss."""
    proba = np.clip(model.predict_proba(X_query), LEAST_PROBABILITY, None)
    proba /= proba.sum(axis=1, keepdims=True)
    accuracy = (model.classes_[proba.argmax(axis=1)] == y_query).mean()
    areas = [
        roc_auc_score(y_query == label, proba[:, i])
        for i, label in enumerate(model.classes_)
        if 0 < (y_query == label).sum() < len(y_query)
    ]
    return accuracy, np.mean(areas), log_loss(y_query, proba, labels=model.classes_)


def compare(kind, ours, draws, seed):
    """Scores of shape (models, tables, sizes, draws, scores)."""
    models = {"skmeta": ours, **(classifiers if kind == "classification" else regressors)(seed)}
    tables = real_tables(kind)
    n_scores = 3 if kind == "classification" else 1
    scores = np.full((len(models), len(tables), len(SIZES), draws, n_scores), np.nan)
    for t, (X, y) in enumerate(tables.values()):
        for s, size in enumerate(SIZES):
            for d in range(draws):
                rng = np.random.default_rng([seed, t, s, d])
                support, queries = draw(rng, X, y, size, kind)
                for m, model in enumerate(models.values()):
                    fitted = clone(model).fit(X[support], y[support])
                    if kind == "classification":
                        scores[m, t, s, d] = class_scores(fitted, X[queries], y[queries])
                    else:
                        answer = fitted.predict(X[queries])
                        scores[m, t, s, d] = max(-1.0, r2_score(y[queries], answer))
    return list(models), list(tables), scores


def report(kind, names, tables, scores):
    measures = ("accuracy", "AUC", "log-loss") if kind == "classification" else ("R2",)
    print(f"\n{kind}: {', '.join(tables)}; means of {scores.shape[3]} draws")
    for i, measure in enumerate(measures):
        by_table = scores[..., i].mean(axis=3)  # (models, tables, sizes)
        sign = 1 if measure == "log-loss" else -1
        ranks = rankdata(sign * by_table, axis=0).mean(axis=1)
        print(f"\n| {measure} (mean rank) | " + " | ".join(map(str, SIZES)) + " |")
        print("|---" * (len(SIZES) + 1) + "|")
        for name, means, rank in zip(names, by_table.mean(axis=1), ranks, strict=True):
            cells = [f"{mean:.3f} ({r:.1f})" for mean, r in zip(means, rank, strict=True)]
            print(f"| {name} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--learner", required=True, help="name or file of a table learner")
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    kind = load_learner(arguments.learner).spec.kind
    estimator = InContextClassifier if kind == "classification" else InContextRegressor
    ours = estimator(arguments.learner, n_members=arguments.members, random_state=arguments.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more columns than places; SVC's own
        report(kind, *compare(kind, ours, arguments.draws, arguments.seed))


if __name__ == "__main__":
    main()
