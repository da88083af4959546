"""Where Omniglot's two archives are on this machine, and how they get there."""

import hashlib
import os
import time
import warnings
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlretrieve

from sklearn.datasets import get_data_home

from skmeta.files import written_atomically


class Subset(NamedTuple):
    """What one archive must hold, and the MD5 sum of the official one."""

    name: str
    n_alphabets: int
    n_characters: int
    md5: str


# The order is the order of the classes: background first.
SUBSETS = (
    Subset("images_background", 30, 964, "68d2efa1b9178cc56df9314c21c6e718"),
    Subset("images_evaluation", 20, 659, "6b91aef0f799c5bb55b94e3f2daec811"),
)
URL = "https://github.com/brendenlake/omniglot/raw/master/python/"
_HOW_TO_PROVIDE = (
    "To use a copy of your own, put images_background.zip and images_evaluation.zip (from "
    f"{URL}), or the two folders unpacked from them, into one folder and pass it as data_home=, "
    "or name it in the environment variable SKMETA_DATA."
)


def locate(subsets, data_home, download_if_missing, n_retries, delay):
    """Return the archive or folder of each subset, in order, downloading what is missing."""
    looked = []
    for place in _places(data_home):
        found = _find(subsets, place)
        if None not in found:
            return found
        looked += [place, place / "omniglot"]

    # Not complete anywhere. The last place is the one that downloads go to.
    names = " and ".join(f"{subset.name}.zip" for subset in subsets)
    not_found = (
        f"Omniglot not found: looked for {names}, or the folders unpacked from them, in "
        f"{', '.join(map(str, looked))}."
    )
    if not download_if_missing:
        raise OSError(f"{not_found} download_if_missing=False: not downloaded. {_HOW_TO_PROVIDE}")
    target = looked[-1]
    for subset, source in zip(subsets, found, strict=True):
        if source is not None:
            continue
        try:
            _download(subset, target, n_retries, delay)
        except (OSError, HTTPException) as error:
            raise OSError(
                f"{not_found} Downloading {URL}{subset.name}.zip into {target} failed: {error}. "
                f"{_HOW_TO_PROVIDE}"
            ) from error
    return _find(subsets, place)


def _places(data_home):
    """Give the folders to look in. Lazily: asking scikit-learn for its own folder makes it."""
    if data_home is not None:
        yield Path(data_home).expanduser()
        return
    if os.environ.get("SKMETA_DATA"):
        yield Path(os.environ["SKMETA_DATA"]).expanduser()
    try:
        home = get_data_home()
    except OSError as error:
        raise OSError(
            f"Omniglot not found, and scikit-learn's data folder cannot be made: {error}. "
            f"{_HOW_TO_PROVIDE}"
        ) from error
    yield Path(home)


def _find(subsets, place):
    """Return the archive or the folder of each subset under `place`, None where there is none."""
    found = []
    for subset in subsets:
        candidates = []
        for folder in (place, place / "omniglot"):
            archive, unpacked = folder / f"{subset.name}.zip", folder / subset.name
            candidates += [archive] if archive.is_file() else []
            candidates += [unpacked] if unpacked.is_dir() else []
        found.append(candidates[0] if candidates else None)
    return found


def _download(subset, folder, n_retries, delay):
    """Download one archive into `folder`: whole and with the right MD5 sum, or not at all."""
    url = f"{URL}{subset.name}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    with written_atomically(folder / f"{subset.name}.zip") as partial:
        while True:
            try:
                urlretrieve(url, partial)
                break
            except (URLError, TimeoutError, ConnectionError, HTTPException):
                if n_retries == 0:
                    raise
                warnings.warn(f"Retry downloading from url: {url}", stacklevel=4)
                n_retries -= 1
                time.sleep(delay)
        received = hashlib.md5(partial.read_bytes(), usedforsecurity=False).hexdigest()
        if received != subset.md5:
            raise OSError(
                f"the MD5 sum is {received}, expected {subset.md5}: the download was cut off or "
                "changed on the way, try again"
            )
