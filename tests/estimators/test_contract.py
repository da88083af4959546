"""scikit-learn's own checks, all of them, on the estimators as they come."""

from unittest import SkipTest

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from skmeta import InContextClassifier, InContextRegressor, MetaTrainer

ESTIMATORS = [InContextClassifier(), InContextRegressor()]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_checks(estimator, check):
    try:
        check(estimator)
    except SkipTest as reason:
        pytest.fail(f"skipped: {reason}")


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_no_tag_is_soft(estimator):
    tags = estimator.__sklearn_tags__()
    assert not tags.non_deterministic and not tags.no_validation and not tags._skip_test
    soft = tags.classifier_tags if tags.classifier_tags is not None else tags.regressor_tags
    assert not soft.poor_score


# A task is a sample: what scikit-learn checks with a matrix of numbers does not apply.
CHECKS_WITHOUT_DATA = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_no_attributes_set_in_init",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_mixin_order",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
]


@pytest.mark.parametrize("name", CHECKS_WITHOUT_DATA)
def test_checks_of_the_trainer(name):
    getattr(estimator_checks, name)("MetaTrainer", MetaTrainer())


@pytest.mark.parametrize("estimator", [*ESTIMATORS, MetaTrainer()], ids=lambda e: type(e).__name__)
def test_a_page_of_html_shows_the_parameters(estimator):
    assert isinstance(estimator, BaseEstimator)
    html = clone(estimator).set_params(random_state=7)._repr_html_()
    assert type(estimator).__name__ in html and "random_state" in html


def test_scores_on_training_data_with_room_to_spare():
    """What check_classifiers_train and check_regressors_train ask is 0.83 and 0.5."""
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0], [4, 0], [0, 4]])
    y = rng.integers(3, size=300)
    X = centers[y] + rng.normal(size=(300, 2))
    assert InContextClassifier(random_state=0).fit(X, y).score(X, y) > 0.93
    X = rng.normal(size=(200, 10))
    y = X @ rng.normal(size=10) + 0.1 * rng.normal(size=200)
    assert InContextRegressor(random_state=0).fit(X, y).score(X, y) > 0.8
