# Every target sets up what it needs, on a fresh clone too: a virtual environment in .venv, then the
# package with the extras of that target. A second call finds the stamp file and starts at once.
#
#   make test PYTHON=python3.12       another interpreter, for a new .venv
#   make test ARGS="tests/memory -x"  arguments for pytest, the demo or the benchmarks
#   SKMETA_DATA=DIR make demo         data sets that are already on this machine

VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3.13 python3.12 python3.11 python3.10 python3
EXTRAS := examples test lint docs build tpot ray
STAMPS := $(addprefix $(VENV)/.installed-,$(EXTRAS))

# A name on the PATH may be a shim without a Python behind it, so each candidate has to run.
RUNS := -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help set-up demo test test-automl test-ray test-wheel lint bench docs clean distclean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(firstword $(MAKEFILE_LIST)) \
	  | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

comma := ,
blank := $(subst ,, )
set-up: | $(VENV)/.created  ## all that the other targets install in .venv, at once
	$(BIN)/python -m pip install -q -e ".[$(subst $(blank),$(comma),$(EXTRAS))]"
	@touch $(STAMPS)

demo: $(VENV)/.installed-examples  ## see a learner at work
	$(BIN)/skmeta demo $(ARGS)

test: $(VENV)/.installed-test  ## the tests, less the slow ones, in two processes
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile $(ARGS)

# The requirements of TPOT and FLAML conflict (xgboost): FLAML and AutoGluon share a second environment.
test-automl: $(VENV)-automl/.installed $(VENV)/.installed-test $(VENV)/.installed-tpot  ## the tests of FLAML, AutoGluon and TPOT
	$(VENV)-automl/bin/python -m pytest tests/automl/test_flaml.py tests/automl/test_autogluon.py $(ARGS)
	$(BIN)/python -m pytest tests/automl/test_tpot.py $(ARGS)

test-ray: $(VENV)/.installed-test $(VENV)/.installed-ray  ## a search on a local Ray cluster
	$(BIN)/python -m pytest tests/estimators/test_scale_out.py -k "ray_cluster or settings_matter" $(ARGS)

test-wheel: $(VENV)/.installed-build  ## build sdist and wheel, and use the wheel with what it requires and no more
	rm -rf build dist
	$(BIN)/python -m build -q --outdir dist .
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m venv --clear $(VENV)-wheel
	$(VENV)-wheel/bin/python -m pip install -q dist/*.whl
	$(VENV)-wheel/bin/python -m pip check
	cd dist && ../$(VENV)-wheel/bin/python ../tests/wheel.py
	rm -rf $(VENV)-wheel

lint: $(VENV)/.installed-lint  ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-examples  ## the benchmarks
	$(BIN)/python benchmarks/run.py $(ARGS)

docs: $(VENV)/.installed-docs  ## the documentation, in docs/_build/html, and its doctests
	$(BIN)/python -m sphinx -E -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html
	$(BIN)/python -m sphinx -q -W -b doctest -d docs/_build/doctrees docs docs/_build/doctest

clean:  ## remove builds and caches, keep .venv
	rm -rf build dist *.egg-info docs/_build docs/auto_examples docs/generated
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache
	find . -path "./$(VENV)*" -prune -o -type d -name __pycache__ -exec rm -rf {} +

distclean: clean  ## remove .venv as well
	rm -rf $(VENV) $(VENV)-*

$(VENV)-automl/.installed: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m venv --clear $(VENV)-automl
	$(VENV)-automl/bin/python -m pip install -q --upgrade pip
	$(VENV)-automl/bin/python -m pip install -q -e ".[flaml,autogluon]" pytest pandas
	@touch $@

$(VENV)/.created:
	@set -e; python="$(PYTHON)"; \
	if [ -n "$$python" ]; then \
	  "$$python" $(RUNS) || { echo "PYTHON=$$python does not run, lacks venv, or is older than 3.10." >&2; exit 1; }; \
	else \
	  for name in $(CANDIDATES); do \
	    if "$$name" $(RUNS) >/dev/null 2>&1; then python=$$name; break; fi; \
	  done; \
	  [ -n "$$python" ] || { echo "No Python from 3.10 on with venv found: name one with make PYTHON=..." >&2; exit 1; }; \
	fi; \
	echo "$(VENV): $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	@touch $@

$(STAMPS): $(VENV)/.installed-%: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install -q -e ".[$*]"
	@touch $@
