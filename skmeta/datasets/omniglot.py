"""Omniglot: 1623 handwritten characters of 50 alphabets, each drawn by 20 people.

The data flow: `_omniglot_sources` finds or downloads the two archives, `_omniglot_pictures` decodes
and checks them, and this module keeps the decoded pictures in a cache and hands them out.
"""

import contextlib
import hashlib
import os
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from skmeta.datasets._omniglot_pictures import N_DRAWERS, SIDE, decode, folder_names
from skmeta.datasets._omniglot_sources import SUBSETS, locate
from skmeta.files import written_atomically

__all__ = ["fetch_omniglot"]

_SUBSETS = SUBSETS  # the tests put a small data set here
_CACHE_FORMAT = 1

_DESCR = """\
.. _omniglot_dataset:

Omniglot
--------

1623 characters of 50 alphabets, each drawn once by each of 20 people, as black and white pictures
of 105 x 105 pixels. The background set (30 alphabets, 964 characters) is meant for learning to
learn, the evaluation set (20 alphabets, 659 characters) for new characters to be learned from few
examples.

=================   ==================
Classes                           1623
Samples per class                   20
Samples total                    32460
Picture                      105 x 105
Values                0 paper, 1 ink
=================   ==================

Source: https://github.com/brendenlake/omniglot (MIT licence).

.. rubric:: References

Lake, B. M., Salakhutdinov, R. and Tenenbaum, J. B. (2015). Human-level concept learning through
probabilistic program induction. Science, 350(6266), 1332-1338.
"""


def fetch_omniglot(*, data_home=None, download_if_missing=True, n_retries=3, delay=1.0):
    """Load the Omniglot data set of handwritten characters, and download it if necessary.

    =================   ==================
    Classes                           1623
    Samples per class                   20
    Samples total                    32460
    Picture                      105 x 105
    Values                0 paper, 1 ink
    =================   ==================

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that holds ``images_background.zip`` and ``images_evaluation.zip``, or the folders
        unpacked from them, directly or in a subfolder ``omniglot``. A given folder is the only one
        that is looked at, and what it lacks is downloaded into its subfolder ``omniglot``. With
        ``None``, the folder named by the environment variable ``SKMETA_DATA`` is looked at if it
        is set, and then scikit-learn's own (:func:`sklearn.datasets.get_data_home`), which is the
        one that downloads go to.
    download_if_missing : bool, default=True
        If False, raise an OSError where the data is not at hand instead of downloading it.
    n_retries : int, default=3
        How often a download is tried again when the network fails.
    delay : float, default=1.0
        Seconds between two tries.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        images : ndarray of shape (32460, 105, 105), dtype=uint8
            The pictures, ink = 1 and paper = 0. In order of subset (background first), alphabet,
            character and file name.
        target : ndarray of shape (32460,), dtype=int64
            The character of each picture, an index into `characters`: 0 to 963 are background,
            964 to 1622 evaluation.
        drawer : ndarray of shape (32460,), dtype=int64
            Who drew the picture, 1 to 20. People are numbered within an alphabet, so drawer 1 of
            two alphabets need not be the same person.
        characters : ndarray of shape (1623,), dtype=str
            Names such as ``images_background/Latin/character01``.
        n_background : int
            The number of background characters, 964: the first evaluation character.
        alphabets : ndarray of shape (50,), dtype=str
            Names of the alphabets, in order of first appearance.
        DESCR : str
            The description of the data set.

    Raises
    ------
    OSError
        If the data is not at hand and `download_if_missing` is False, or the download fails.
    ValueError
        If an archive is damaged, or holds other pictures than Omniglot has. Archives need not be
        the official files byte for byte: their content is checked, and the MD5 sum of downloads.
    ImportError
        If the pictures have to be decoded and Pillow is not installed.

    Notes
    -----
    Decoding the pictures takes some seconds, so the result is kept, a few megabytes, in
    ``get_data_home()/omniglot/omniglot-<hash of the sources>.npz``. A damaged cache is built again,
    and where the folder cannot be written to there is no cache. Deleting the file is always safe.

    References
    ----------
    .. [1] Lake, B. M., Salakhutdinov, R. and Tenenbaum, J. B. (2015). Human-level concept learning
       through probabilistic program induction. Science, 350(6266), 1332-1338.

    Examples
    --------
    >>> from skmeta.datasets import fetch_omniglot
    >>> omniglot = fetch_omniglot()  # doctest: +SKIP
    >>> omniglot.images.shape  # doctest: +SKIP
    (32460, 105, 105)
    """
    if not isinstance(n_retries, Integral) or n_retries < 0:
        raise ValueError(f"n_retries must be an integer of at least 0, got {n_retries!r}.")
    if not isinstance(delay, Real) or not float(delay) >= 0:
        raise ValueError(f"delay must be a number of seconds of at least 0, got {delay!r}.")

    sources = locate(_SUBSETS, data_home, download_if_missing, n_retries, delay)
    cache = _cache_path(sources)
    arrays = _load_cache(cache)
    if arrays is None:
        arrays = decode(_SUBSETS, sources)
        _save_cache(cache, arrays)

    characters = arrays["characters"]
    alphabets = dict.fromkeys(name.split("/")[1] for name in characters.tolist())
    bits = np.unpackbits(arrays["packed"], axis=1, count=SIDE * SIDE)
    return Bunch(
        images=bits.reshape(-1, SIDE, SIDE),
        target=arrays["target"],
        drawer=arrays["drawer"],
        characters=characters,
        n_background=_SUBSETS[0].n_characters,
        alphabets=np.array(list(alphabets)),
        DESCR=_DESCR,
    )


def _cache_path(sources):
    """Return the cache file of these sources, or None where there is no folder for it."""
    # Archives go by content, folders by names, sizes and times of change: both well under a second.
    digest = hashlib.sha256(repr((_CACHE_FORMAT, _SUBSETS, N_DRAWERS, SIDE)).encode())
    for source in sources:
        if source.is_dir():
            for name in folder_names(source):
                status = os.stat(os.path.join(source, *name))
                digest.update(repr((name, status.st_size, status.st_mtime_ns)).encode())
        else:
            digest.update(hashlib.sha256(source.read_bytes()).digest())
    try:
        return Path(get_data_home()) / "omniglot" / f"omniglot-{digest.hexdigest()[:16]}.npz"
    except OSError:
        return None


def _load_cache(path):
    """Return the cached arrays, or None where there are none or they are damaged."""
    if path is None:
        return None
    n_characters = sum(subset.n_characters for subset in _SUBSETS)
    n_images = n_characters * N_DRAWERS
    expected = {
        "packed": ((n_images, -(-SIDE * SIDE // 8)), "u"),
        "target": ((n_images,), "i"),
        "drawer": ((n_images,), "i"),
        "characters": ((n_characters,), "U"),
    }
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in expected}
    except Exception:  # absent or damaged in any way: the sources are still there
        return None
    received = {name: (array.shape, array.dtype.kind) for name, array in arrays.items()}
    return arrays if received == expected else None


def _save_cache(path, arrays):
    """Write the cache; where that is impossible, do without."""
    if path is None:
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_atomically(path) as partial:
            _write_npz(partial, arrays)


def _write_npz(path, arrays):
    """Write to exactly this path: given a path, NumPy would add the ending .npz."""
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)
