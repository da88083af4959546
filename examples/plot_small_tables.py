"""
========================================
A small table, beside its usual learners
========================================

With 10 to 100 labelled rows there is hardly anything to tune with. The default
learner of :class:`skmeta.InContextClassifier` has seen half a million
synthetic tables; ``fit`` reads the rows through its memory and changes no weight.
"""

# %%
# Patients with diabetes, and whether their disease gets worse faster than that of the others,
# from ten columns: age, sex, body mass index, blood pressure and six measurements of blood.
# A learner of tables takes the frame as it is: text, categories and missing cells included.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmeta import InContextClassifier
from skmeta.inspection import SupportSizeDisplay

frame = load_diabetes(as_frame=True, scaled=False).frame
worse = (frame.pop("target") > 140).map({True: "faster", False: "slower"})
frame["sex"] = frame["sex"].map({1.0: "female", 2.0: "male"}).astype("category")
frame.loc[frame.index[::9], "bmi"] = np.nan

clf = InContextClassifier(random_state=0).fit(frame[:40], worse[:40])
print(clf.predict_proba(frame[40:43]).round(2), clf.classes_)
print(f"right for {100 * clf.score(frame[40:], worse[40:]):.0f} % of the other rows")

# %%
# In a pipeline
# -------------
# It is an estimator like any other: here behind a ``ColumnTransformer`` that makes two columns
# of the sex, as other models need it.

pipeline = make_pipeline(
    make_column_transformer((OneHotEncoder(), ["sex"]), remainder="passthrough"),
    InContextClassifier(random_state=0),
)
scores = cross_val_score(pipeline, frame[:120], worse[:120], cv=5, scoring="roc_auc")
print(f"area under the ROC curve, five folds of 120 rows: {scores.mean():.2f}")

# %%
# Accuracy against the number of rows
# -----------------------------------
# Supports and queries of a draw are the same for all three. Bands are 95 % intervals over 10 draws:
# what is inside them is luck.

models = {
    "InContextClassifier": InContextClassifier(random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "random forest": RandomForestClassifier(random_state=0),
}
tables = {
    "Diabetes: faster or slower": load_diabetes(return_X_y=True),
    "Breast cancer: malignant or benign": load_breast_cancer(return_X_y=True),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for ax, (title, (X, y)) in zip(axes, tables.items(), strict=True):
    target = y > 140 if title.startswith("Diabetes") else y
    for name, model in models.items():
        SupportSizeDisplay.from_estimator(
            model, X, target, [5, 10, 20, 50, 100], n_draws=10, scoring="roc_auc", label=name
        ).plot(ax=ax)
    ax.set_title(title)
plt.show()
