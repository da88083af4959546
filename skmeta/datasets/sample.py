"""A few Omniglot characters that come with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from skmeta.datasets.pictures import shrink_pictures

_SIDE = 105  # pixels
_FILE = Path(__file__).with_name("omniglot_sample.npz")

_DESCR = """\
Forty of the 423 test characters of Omniglot, 20 drawings of each.

No shipped learner was meta-trained or chosen on them. Made by
benchmarks/make_omniglot_sample.py from the data set of Lake, Salakhutdinov &
Tenenbaum (2015); its MIT licence lies beside the file.
"""


def load_omniglot_sample(size: int = 20, *, return_X_y: bool = False):
    """Return forty characters that no shipped learner has seen, 20 drawings of each.

    Parameters
    ----------
    size : int, default=20
        Height and width of a picture in pixels, at most 105: 28 for `omniglot`, 20 for
        `mann-omniglot` and `lstm-omniglot`.
    return_X_y : bool, default=False
        Whether to return ``(images, target)`` alone.

    Returns
    -------
    sample : Bunch, or (images, target)
        images : float32 ndarray of shape (800, size, size), ink in [0, 1];
        target : int ndarray of shape (800,), the character, 0 to 39;
        characters : str ndarray of shape (40,), alphabet and number;
        DESCR : str.

    Raises
    ------
    ValueError
        If the size is out of range.

    References
    ----------
    Lake, B. M., Salakhutdinov, R. and Tenenbaum, J. B. (2015). Human-level
    concept learning through probabilistic program induction. Science 350.

    Examples
    --------
    >>> from skmeta.datasets import load_omniglot_sample
    >>> X, y = load_omniglot_sample(return_X_y=True)
    >>> X.shape
    (800, 20, 20)
    """
    with np.load(_FILE, allow_pickle=False) as file:
        drawings = np.unpackbits(file["images"], axis=2, count=_SIDE)
        images = shrink_pictures(drawings, size)
        target = file["target"].astype(np.int64)
        if return_X_y:
            return images, target
        return Bunch(images=images, target=target, characters=file["characters"], DESCR=_DESCR)
