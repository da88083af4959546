"""InContextClassifier: classes learned by reading examples."""

from __future__ import annotations

import warnings
from numbers import Real

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skmeta.estimators._base import InContextEstimator
from skmeta.estimators._labels import class_probabilities, deal_labels, n_codes
from skmeta.estimators._pictures import other_learner
from skmeta.estimators._warnings import warn_once
from skmeta.sequences import encode_labels


class InContextClassifier(ClassifierMixin, InContextEstimator):
    """Classifier whose fit is one pass of the support through a meta-trained memory.

    No weight changes in ``fit``. ``predict`` answers each row from the state
    that the support left behind, and ``partial_fit`` reads on. On a table, a kernel or
    logistic regression on at most 128 of the first rows has a say beside the learner
    (:class:`skmeta.second_opinion.SecondOpinion`).

    Parameters
    ----------
    learner : str, path-like or Learner, default="tabular"
        Name of a shipped learner, path of a ``.safetensors`` file, or
        ``MetaTrainer(...).fit(tasks).learner_``.
    n_members : int or "auto", default="auto"
        Members whose probabilities are averaged. One reads the rows in the order
        given, more in random orders. The first has class i as label i; the others have
        permuted labels, and see permuted columns of a table. "auto" takes 2 for tables, 3 up
        to 20 rows, more where columns are too many for one member, and 1 for other learners.
    n_passes : int, default=1
        How often the support is read.
    temperature : float or "auto", default="auto"
        Divides the logits: above 1 makes probabilities more even. Scores of the second opinion
        are divided by its ratio to "auto". "auto" takes r / (r + 0.75)
        for tables, after r rows in the mean of each class (or label, where classes share them):
        some real tables are less noisy than the synthetic ones of meta-training. It takes 1 for
        other learners, and for tables until each announced class has a row.
    categorical_features : "from_dtype", None or array-like of bool, int or str of shape \
            (n_features,) or (n_categorical,), default="from_dtype"
        Which columns of a table are categories: in a frame, text and categories without order
        ("from_dtype"); none (None); or a mask, indices or names. A category of three levels or
        more is read as one flag a level, while the learner has places. With "from_dtype", whole
        numbers of three values or more, less than ten apart, may be codes, and about half of the
        members read them so (docs/tables.md has the rules). Ignored by learners that do not read
        tables.
    engine : {"numpy", "keras"}, default="numpy"
        What computes: NumPy, or a compiled Keras function (for GPUs and
        large supports).
    random_state : int, RandomState instance or None, default=None
        Draws the orders and labels of the members after the first.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    n_features_in_ : int
        Features of a row.
    feature_names_in_ : ndarray of str
        Names of the columns, where ``X`` had any.
    learner_ : Learner
        The loaded learner.
    state_ : nested named tuples of ndarray
        What the memory holds.
    class_count_ : ndarray of shape (n_classes,)
        Rows of each class read so far.
    n_members_ : int
        Members that read.
    temperature_ : float
        Temperature of the next answers.
    label_slots_ : ndarray of shape (n_members, n_classes)
        The learner's label that stands for each class. Where a table has more classes than
        the learner labels, classes share labels and there are more members, with a warning.

    References
    ----------
    A. Santoro et al., "One-shot Learning with Memory-Augmented Neural
    Networks", arXiv:1605.06065, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta import InContextClassifier
    >>> from skmeta.datasets import load_omniglot_sample
    >>> sample = load_omniglot_sample()
    >>> rows = np.random.default_rng(0).permutation(np.flatnonzero(sample.target < 5))
    >>> X, y = sample.images[rows], sample.target[rows]
    >>> clf = InContextClassifier(learner="mann-omniglot").fit(X[::2], y[::2])
    >>> clf.predict(X[1::2]).shape
    (50,)
    """

    _kind = "classification"
    _parameter_constraints: dict = {
        **InContextEstimator._parameter_constraints,
        "temperature": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        learner="tabular",
        *,
        n_members="auto",
        n_passes=1,
        temperature="auto",
        categorical_features="from_dtype",
        engine="numpy",
        random_state=None,
    ):
        self.learner = learner
        self.n_members = n_members
        self.n_passes = n_passes
        self.temperature = temperature
        self.categorical_features = categorical_features
        self.engine = engine
        self.random_state = random_state

    def fit(self, X, y):
        """Read the support from a fresh memory.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, height, width)
            The support.
        y : array-like of shape (n_rows,)
            Its classes.

        Returns
        -------
        self : InContextClassifier

        Raises
        ------
        TypeError
            If X is sparse, a lazy frame or a mapping.
        ValueError
            If the support is empty, not finite, of another width, or has more
            classes than the learner can have. Learners of tables read missing cells and any width.
        ArtifactError
            If the learner cannot be loaded.
        """
        return self._learn(X, y, first=True, shuffled=True)

    def partial_fit(self, X, y, classes=None):
        """Read more rows, in the order given, at a cost that does not depend on those before.

        The first 128 rows of a stream scale a table for good, or its first call if it has more.
        Until there are as many, they are kept, and all read anew with the next ones; those of a
        ``fit`` on fewer than ten rows in random orders still. A ``fit`` on more scales the table.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, height, width)
            The rows.
        y : array-like of shape (n_rows,)
            Their classes.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come. Must be given on the first call,
            unless ``fit`` came before.

        Returns
        -------
        self : InContextClassifier

        Raises
        ------
        ValueError
            If ``classes`` is missing on the first call or differs later, if a
            class was not announced, or the rows are as in ``fit``'s errors. The
            state is then as it was.
        """
        first = not hasattr(self, "classes_")
        if first and classes is None:
            self._validate_params()
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not (first or classes is None or np.array_equal(self.classes_, _distinct(classes))):
            raise ValueError(
                f"classes {_distinct(classes)} differ from those of the first call, "
                f"{self.classes_}."
            )
        return self._learn(X, y, first=first, classes=classes)

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, height, width)
            The queries. Each is answered on its own.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of ``classes_``; rows sum to 1.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing was read yet.
        ValueError
            If the rows are not like those of the support.
        """
        now = self._as_it_is()
        answers, scores = now._answers(X)
        logits, temperature = answers[:, :, 0, :], now.temperature_  # (M, Q, labels)
        p = class_probabilities(logits / temperature, now.label_slots_)
        if scores is None:
            return p
        opinion = now._rows.second_opinion
        other = opinion.probabilities(scores, sharper=now._usual_temperature() / temperature)
        known = p[:, opinion.classes]  # the probability of others is for the learner alone
        mass = np.maximum(known.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        # The squared error, in sum over flags, that the learner expects if it is right about p.
        expected = 1 - np.square(known / mass).sum(axis=1, keepdims=True)
        share = opinion.share(expected, now._n_later)
        p[:, opinion.classes] = known + share * (mass * other - known)
        return p

    def predict_log_proba(self, X):
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, height, width)
            The queries.

        Returns
        -------
        log_probabilities : ndarray of shape (n_rows, n_classes)
            In nats, in the order of ``classes_``. A probability below 2.2e-308, the least normal
            number, counts as that.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing was read yet.
        ValueError
            If the rows are not like those of the support.
        """
        return np.log(np.maximum(self.predict_proba(X), np.finfo(np.float64).tiny))

    @property
    def temperature_(self):
        """Temperature of the next answers."""
        check_is_fitted(self, "class_count_")
        return self._usual_temperature() if self.temperature == "auto" else self.temperature

    def _usual_temperature(self):
        """Temperature where the user does not say."""
        return self._rows.usual_temperature(self.class_count_, self._reading().spec.n_outputs)

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, height, width)
            The queries.

        Returns
        -------
        y : ndarray of shape (n_rows,)

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing was read yet.
        ValueError
            If the rows are not like those of the support.
        """
        check_is_fitted(self)
        now = self._as_it_is()
        return now.classes_[now.predict_proba(X).argmax(axis=1)]

    def _met_targets(self, y, *, first, classes=None):
        """Meet classes, and count their rows: the place of each row's class."""
        labels = _checked_labels(y)
        if first:
            announced = labels if classes is None else _checked_labels(classes)
            self.classes_ = self._checked_classes(announced)
            self.class_count_ = np.zeros(len(self.classes_), dtype=int)
        self._refuse_others(labels)
        places = np.searchsorted(self.classes_, y)
        self.class_count_ = self.class_count_ + np.bincount(places, minlength=len(self.classes_))
        return places

    def _refuse_others(self, labels):
        """See that all labels are of the classes there are."""
        times = labels.dtype.kind in "mM" and labels.dtype.kind == self.classes_.dtype.kind
        if times:  # in any unit
            unknown = list(map(str, labels[~np.isin(labels, self.classes_)]))
        else:
            known = set(self.classes_.tolist())
            unknown = [label for label in labels.tolist() if label not in known]
        if unknown:
            raise ValueError(
                f"y holds the classes {unknown}, which are not among {self.classes_}. Announce all "
                "classes with the first partial_fit(..., classes=...), or call fit."
            )

    def _kept(self, y):
        """Return a copy of classes to read again: with others, they might take another type."""
        self._refuse_others(_checked_labels(y))
        return y.copy()

    def _announced(self):
        """All classes that there are."""
        return {"classes": self.classes_}

    def _deal(self, n_members, rng):
        """Deal labels and columns to members: how many there are."""
        n_labels = self._reading().spec.n_outputs
        self.label_slots_ = deal_labels(rng, n_members, len(self.classes_), n_labels)
        return super()._deal(len(self.label_slots_), rng)

    def _told(self, places):
        """One-hot labels as each member is told them, shape (M, S, C)."""
        return encode_labels(self.label_slots_[:, places], self._reading().spec)

    def _reading(self):
        """Return the learner with labels for all classes, if it can have so many."""
        return self.learner_.for_classes(len(self.classes_))

    def _checked_classes(self, classes):
        """See that there are labels for classes, or members enough to share them."""
        n_classes = len(classes)
        spec = self.learner_.for_classes(n_classes).spec
        if n_classes > spec.n_outputs and not spec.table:
            advice = (
                "Meta-train one with more (skmeta.MetaTrainer), or use another kind of classifier: "
                "sklearn.multiclass.OneVsRestClassifier around this one works, but loses accuracy."
            )
            if other := other_learner(spec, spec.input_shape, n_classes):
                advice = f"The learner {other!r} reads such rows, and has labels enough."
            raise ValueError(
                f"The learner {self.learner!r} tells {spec.n_outputs} classes apart, there are "
                f"{n_classes}. {advice}"
            )
        if n_classes > spec.n_outputs:
            warn_once(
                self._rows.warned,
                "classes",
                f"There are {n_classes} classes, the learner has {spec.n_outputs} labels: "
                f"{n_codes(n_classes, spec.n_outputs)} members or more read the rows, each with "
                "classes that share labels.",
            )
        return classes


def _checked_labels(y):
    """Return the distinct labels of a support, sorted."""
    labels = _distinct(y)
    if labels.dtype.kind in "mM" and np.isnat(labels).any():  # scikit-learn's checks pass it
        raise ValueError("Input y contains NaN.")
    with warnings.catch_warnings():
        # One row of each class is what these estimators are for.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        check_classification_targets(y)
    return labels


def _distinct(labels):
    """Return the distinct labels, sorted."""
    try:
        return np.unique(labels)
    except TypeError as error:
        raise ValueError(
            f"Labels must be of one type that sorts, all text or all numbers ({error}). "
            "Encode them, and remove rows without a label."
        ) from None
