"""What a saved model predicts in a process that has seen nothing else."""

import subprocess
import sys

import joblib
import numpy as np

PROGRAM = """
import sys, joblib, numpy as np
model, X = joblib.load(sys.argv[1]), joblib.load(sys.argv[2])
np.save(sys.argv[3], np.asarray(model.predict(X)))
"""


def predictions_of_a_fresh_process(path, X, program=PROGRAM):
    """Load a model from ``path`` in another Python, and return its predictions of X."""
    rows, answers = path.parent / "rows.joblib", path.parent / "answers.npy"
    joblib.dump(X, rows)
    subprocess.run([sys.executable, "-c", program, path, rows, answers], check=True)
    return np.load(answers)
