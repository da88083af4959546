"""The package as a whole: what an import costs, and that docstrings are true contracts."""

import ast
import doctest
import importlib
import importlib.util
import inspect
import itertools
import pkgutil
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import sklearn
from numpydoc.validate import validate
from sklearn.base import BaseEstimator

import skmeta
from skmeta.artifacts import PRETRAINED, list_learners

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(skmeta.__path__, "skmeta.")
    if not module.name.endswith("__main__")
)
PUBLIC = [
    "skmeta",
    "skmeta.tasks",
    "skmeta.datasets",
    "skmeta.networks",
    "skmeta.inspection",
    "skmeta.memory",
]
# Modules that need a toolkit; their tests run in environments of their own.
TOOLKITS = {f"skmeta.automl.{name}": name for name in ("autogluon", "flaml", "tpot")}

# Sections and parameters: PR parameters, RT returns, YD yields, SS summaries, GL sections.
CODES = {
    "GL03": "no two blank lines",
    "GL06": "unknown section",
    "GL07": "sections in the wrong order",
    "GL08": "no docstring",
    "PR01": "a parameter is not documented",
    "PR02": "a documented parameter does not exist",
    "PR03": "parameters in the wrong order",
    "PR05": "a type ends with a full stop",
    "PR10": "no space before the colon of a parameter",
    "RT01": "no Returns section",
    "SS01": "no summary",
    "SS03": "a summary without a full stop",
    "SS04": "a summary with leading spaces",
    "YD01": "no Yields section",
}


def run(script):
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return out.stdout


# The import


def test_import_loads_nothing_heavy():
    heavy = {"keras", "tensorflow", "jax", "sklearn", "scipy", "numpy", "matplotlib", "pandas"}
    assert run(f"import sys, skmeta; print({heavy} & set(sys.modules))") == "set()\n"


def test_estimators_load_no_keras():
    script = "import sys; from skmeta import InContextClassifier, MetaTrainer, load_learner, tasks"
    loaded = run(f"{script}; print({{'keras', 'tensorflow', 'jax'}} & set(sys.modules))")
    assert loaded == "set()\n"


def test_import_is_quick():
    script = "import time; start = time.process_time(); import skmeta; "
    seconds = [float(run(script + "print(time.process_time() - start)")) for _ in range(3)]
    assert min(seconds) < 0.3


def test_import_changes_no_setting():
    script = (
        "import os, random; before = dict(os.environ), random.getstate();"
        "import skmeta.artifacts, skmeta.networks, skmeta.engines.numpy_ops;"
        "print(before == (dict(os.environ), random.getstate()))"
    )
    assert run(script) == "True\n"


def test_nothing_calls_home():
    """No socket is opened and no name is looked up: from the import to predictions."""
    script = """
import sys

asked = []
sys.addaudithook(lambda event, _: asked.append(event) if event.startswith("socket.") else None)
from sklearn.datasets import load_iris

from skmeta import InContextClassifier, InContextRegressor

X, y = load_iris(return_X_y=True)
InContextClassifier().fit(X[::3], y[::3]).partial_fit(X[1::3], y[1::3]).predict(X)
InContextRegressor().fit(X[::3, :3], X[::3, 3]).predict(X[:, :3])
print(asked)
"""
    assert run(script) == "[]\n"
    assert run("import socket\n" + script.replace("print", "socket.socket()\nprint")) != "[]\n"


def test_public_names_are_there():
    for name in PUBLIC:
        module = importlib.import_module(name)
        assert sorted(module.__all__) == sorted(set(module.__all__))
        for attribute in module.__all__:
            assert getattr(module, attribute) is not None
    assert set(skmeta.__all__) <= set(dir(skmeta))
    with pytest.raises(AttributeError, match="module 'skmeta' has no attribute 'nothing'"):
        skmeta.nothing  # noqa: B018


@pytest.mark.parametrize(("name", "toolkit"), TOOLKITS.items())
def test_a_toolkit_that_is_not_there_is_named_with_its_extra(name, toolkit):
    extra = name.rpartition(".")[2]
    script = (
        f"import sys; sys.modules[{toolkit!r}] = None\n"
        f"try: import {name}\nexcept ImportError as error: print(error)"
    )
    assert f"pip install skmeta[{extra}]" in run(script)
    assert run(f"import sys, skmeta.automl; print({toolkit!r} in sys.modules)") == "False\n"


def test_versions_without_an_import(capsys):
    skmeta.show_versions()
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["skmeta"] == skmeta.__version__
    assert lines["scikit-learn"] == sklearn.__version__
    loaded = run("import sys, skmeta; skmeta.show_versions(); print({'numpy'} & set(sys.modules))")
    assert loaded.endswith("set()\n")


# Docstrings


def public_objects():
    """Names of the public functions and classes, and of the methods they define."""
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            found = getattr(module, name)
            if not callable(found) or (inspect.isclass(found) and issubclass(found, tuple)):
                continue  # a named tuple lists its fields in its own way
            yield f"{module_name}.{name}"
            if inspect.isclass(found) and issubclass(found, BaseEstimator):
                for method, value in vars(found).items():
                    if inspect.isfunction(value) and not method.startswith("_"):
                        yield f"{module_name}.{name}.{method}"


@pytest.mark.parametrize("name", sorted(set(public_objects())))
def test_docstrings_are_in_numpydocs_form(name):
    errors = [f"{code}: {text}" for code, text in validate(name)["errors"] if code in CODES]
    assert not errors, errors


def raised_without_word(module_name):
    """Public functions and methods that raise an error which their docstring does not name."""
    tree = ast.parse(Path(importlib.util.find_spec(module_name).origin).read_text("utf-8"))
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for node in itertools.chain(*bodies):
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        doc = ast.get_docstring(node) or ""
        for statement in ast.walk(node):
            if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
                error = ast.unparse(statement.exc.func)
                section = doc.partition("Raises\n------")[2]
                if "Raises" not in doc or error not in section:
                    yield f"{node.name} raises {error}"


@pytest.mark.parametrize("name", [name for name in MODULES if "._" not in name])
def test_errors_are_documented(name):
    assert not list(raised_without_word(name))


# Examples


def examples():
    for name in sorted(set(MODULES) - set(TOOLKITS)):
        for test in doctest.DocTestFinder().find(importlib.import_module(name)):
            if test.examples:
                yield pytest.param(test, id=test.name)


RECIPES = {path.stem for path in PRETRAINED.glob("*.toml")}


@pytest.mark.parametrize("test", list(examples()))
def test_examples_do_what_they_say(test):
    missing = {name for name in RECIPES if f'"{name}"' in test.docstring} - set(list_learners())
    if missing:
        pytest.skip(f"{', '.join(sorted(missing))} not shipped yet")
    report = []
    failed, _ = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        test, out=report.append
    )
    assert not failed, "".join(report)


def test_the_readme_can_be_pasted_and_prints_what_it_says(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    *blocks, own = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 3
    names, number = {}, r"\d+\.\d*"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for block in blocks:
            exec(block, names)
            said = " ".join(re.findall(r"print\(.*\)  # ([^;\n]*)", block))
            said, printed = (re.findall(number, part) for part in (said, capsys.readouterr().out))
            printed = [float(n) for n in printed]
            assert said and printed == pytest.approx([float(n) for n in said], abs=0.006)
    assert names["clf"].learner == "omniglot"
    exec(own, names)
    assert names["clf"].learner == "mine.safetensors" and names["trainer"].n_steps_ == 20
