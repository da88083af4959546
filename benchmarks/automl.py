"""What an AutoML toolkit gains or loses with skmeta in its list, in the same time.

    SKMETA_DATA=... python benchmarks/automl.py flaml --budget 10 --draws 3

Run it in the environment of that toolkit (``make test-automl`` makes them). The tables are those
of ``benchmarks/tables.py``; support and queries of a draw are the same with and without.
"""

import argparse
import contextlib
import logging
import os
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from tables import draw, half_width, real_tables

ROWS = (20, 50, 200)
TABLES = ("breast_cancer", "bank", "heart", "income")


def with_flaml(X, y, skmeta, seconds, seed):
    from flaml import AutoML

    from skmeta.automl.flaml import add_learners

    automl, learners = AutoML(), ["lgbm", "rf", "extra_tree", "xgboost", "lrl1"]
    add_learners(automl)
    automl.fit(
        X,
        y,
        task="classification",
        metric="roc_auc",
        estimator_list=learners + ["skmeta"] * skmeta,
        time_budget=seconds,
        verbose=0,
        seed=seed,
    )
    return automl.predict_proba, automl.best_estimator == "skmeta"


def with_tpot(X, y, skmeta, seconds, seed):
    import tpot
    from tpot.search_spaces.pipelines import ChoicePipeline

    from skmeta import InContextClassifier
    from skmeta.automl.tpot import search_space

    space = tpot.config.get_search_space("classifiers")
    if skmeta:
        space = ChoicePipeline([*space.search_spaces, search_space("classifiers")])
    found = tpot.TPOTEstimator(
        space,
        scorers=["roc_auc_ovr"],
        scorers_weights=[1.0],
        classification=True,
        max_time_mins=seconds / 60,
        population_size=10,  # more are not looked at in half a minute
        cv=2,  # of 20 rows, three may be of the rarer class
        n_jobs=1,
        verbose=0,
        random_state=seed,
    ).fit(X, y)
    model = found.fitted_pipeline_
    return model.predict_proba, isinstance(model, InContextClassifier)


def with_autogluon(X, y, skmeta, seconds, seed):
    from autogluon.tabular import TabularPredictor

    from skmeta.automl.autogluon import register

    register()
    frame = pd.DataFrame(X).assign(target=y)
    frame.columns = frame.columns.astype(str)
    hyperparameters = {"RF": {}, "XT": {}, "LR": {}, "KNN": {}} | ({"SKMETA": {}} if skmeta else {})
    predictor = TabularPredictor(
        "target", path=tempfile.mkdtemp(), verbosity=0, eval_metric="roc_auc"
    ).fit(frame, hyperparameters=hyperparameters, time_limit=seconds, num_gpus=0, num_bag_folds=4)

    def predict_proba(X):
        queries = pd.DataFrame(X)
        queries.columns = queries.columns.astype(str)
        return predictor.predict_proba(queries).to_numpy()

    parts = predictor._trainer.get_minimum_model_set(predictor.model_best)
    return predict_proba, any(part.startswith("Skmeta") for part in parts)


TOOLKITS = {"flaml": with_flaml, "tpot": with_tpot, "autogluon": with_autogluon}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("toolkit", choices=TOOLKITS)
    parser.add_argument("--budget", type=float, default=10, help="seconds a search (10)")
    parser.add_argument("--draws", type=int, default=3, help="supports of each size (3)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.disable(logging.ERROR)
    warnings.simplefilter("ignore")
    tables = {
        name: table for name, table in real_tables("classification").items() if name in TABLES
    }
    areas = np.full((2, len(ROWS), len(tables), arguments.draws), np.nan)
    chosen = np.zeros((len(ROWS), len(tables), arguments.draws))
    for r, n_rows in enumerate(ROWS):
        for t, (X, y) in enumerate(tables.values()):
            codes = np.unique(y, return_inverse=True)[1]
            for d in range(arguments.draws):
                rng = np.random.default_rng([arguments.seed, r, t, d])
                support, queries = draw(rng, X, codes, n_rows, "classification")
                for skmeta in (0, 1):
                    try:
                        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                            answer, was_chosen = TOOLKITS[arguments.toolkit](
                                X[support], codes[support], skmeta, arguments.budget, d
                            )
                    except Exception as error:
                        if arguments.toolkit != "tpot":  # which fails where a fold lacks a class
                            raise
                        print(f"{n_rows} rows of table {t}, draw {d}: {error}", file=sys.stderr)
                        continue
                    share = answer(X[queries])[:, 1]
                    areas[skmeta, r, t, d] = roc_auc_score(codes[queries], share)
                    chosen[r, t, d] = was_chosen
    names = ", ".join(tables)
    print(f"{arguments.toolkit}: {names}; {arguments.draws} draws, seed {arguments.seed}, ", end="")
    print(f"{arguments.budget:g} s a search; area under the ROC curve\n")
    print("| rows | searches | without | with `skmeta` | gain | chosen or used |")
    print("|---" * 6 + "|")
    for r, n_rows in enumerate(ROWS):
        found = np.isfinite(areas[:, r]).all(axis=0)
        without, with_it = areas[:, r, found].mean(axis=1)
        gains = areas[1, r, found] - areas[0, r, found]
        half = half_width(gains)
        print(
            f"| {n_rows} | {gains.size} | {without:.3f} | {with_it:.3f} "
            f"| {with_it - without:+.3f} ± {half:.3f} | {100 * chosen[r, found].mean():.0f} % |"
        )


if __name__ == "__main__":
    main()
