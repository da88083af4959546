"""What an installed wheel must do with the packages that it requires, and no others.

A script, and no test of pytest's: `make test-wheel` runs it where neither pytest nor the source
tree is.
"""

import importlib.util
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import joblib
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import cross_val_score

import skmeta
from skmeta import InContextClassifier, InContextRegressor, list_learners, load_learner
from skmeta.datasets import load_omniglot_sample

warnings.filterwarnings("error", category=DeprecationWarning, module="skmeta")
assert Path(skmeta.__file__).is_relative_to(sys.prefix), skmeta.__file__
for name in ("pytest", "pandas", "matplotlib", "dask"):
    assert importlib.util.find_spec(name) is None, f"{name} is no requirement"

X, y = load_iris(return_X_y=True)
for name in list_learners():
    assert load_learner(name).card["description"]
accuracy = cross_val_score(InContextClassifier(random_state=0), X, y, n_jobs=2).mean()
assert accuracy > 0.9, accuracy
X_numbers, numbers = load_diabetes(return_X_y=True)
r2 = InContextRegressor().fit(X_numbers[:100], numbers[:100]).score(X_numbers[100:], numbers[100:])
assert r2 > 0.3, r2
sample = load_omniglot_sample()
assert len(sample.images) == len(sample.target)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "fitted.joblib"
    fitted = InContextClassifier(random_state=0).fit(X[::2], y[::2])
    joblib.dump(fitted, path)
    assert (joblib.load(path).predict_proba(X) == fitted.predict_proba(X)).all()
    recipe = Path(folder) / "tiny.toml"
    recipe.write_text(
        'name = "tiny"\n[trainer]\nn_steps = 2\n[[tasks]]\nfamily = "boolean"\n'
        '[test]\nfamily = "boolean"\n'
    )
    command = Path(sys.executable).with_name("skmeta")
    for words in (["list"], ["train", recipe, "--out", f"{folder}/tiny.safetensors"]):
        subprocess.run([command, *words], check=True, stdout=subprocess.DEVNULL)
    assert load_learner(f"{folder}/tiny.safetensors").card["steps"] == 2
print(f"the wheel of skmeta {skmeta.__version__} works with what it requires")
