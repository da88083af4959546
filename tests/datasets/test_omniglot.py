"""fetch_omniglot on a small data set made here, and on the real one where it is at hand."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from urllib.error import URLError

import numpy as np
import pytest

from skmeta.datasets import _omniglot_sources, fetch_omniglot, omniglot
from skmeta.datasets._omniglot_sources import SUBSETS, Subset

Image = pytest.importorskip("PIL.Image", reason="decoding Omniglot's pictures needs Pillow")

REAL_DATA = os.environ.get("SKMETA_DATA")
# "Beta-2" comes after "Beta" as a name, but "Beta-2/..." before "Beta/..." as a path.
CHARACTERS = {
    "images_background": ["Beta/character01", "Beta/character02", "Beta-2/character01"],
    "images_evaluation": ["Alpha/character01"],
}
NAMES = [f"{subset}/{c}" for subset, characters in CHARACTERS.items() for c in characters]
N_IMAGES = 20 * len(NAMES)


def png(picture):
    """Encode as the original data does: one bit a pixel, ink is 0."""
    buffer = io.BytesIO()
    Image.fromarray(np.where(picture, 0, 255).astype(np.uint8)).convert("1").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pictures():
    """Give the small data set: file name to picture, in the order that fetch_omniglot promises."""
    rng = np.random.default_rng(0)
    return {
        f"{name}/{number:04}_{drawer:02}.png": rng.random((105, 105)) < 0.1
        for number, name in enumerate(NAMES, start=1)
        for drawer in range(1, 21)
    }


@pytest.fixture(scope="module")
def files(pictures):
    return {name: png(picture) for name, picture in pictures.items()}


def write_zips(folder, files, subsets=tuple(CHARACTERS)):
    folder.mkdir(parents=True, exist_ok=True)
    for subset in subsets:
        with zipfile.ZipFile(folder / f"{subset}.zip", "w") as archive:
            # Backwards and with the usual clutter: neither order nor clutter may matter.
            archive.writestr(f"__MACOSX/{subset}/Beta/character01/._0001_01.png", b"clutter")
            archive.writestr(f"{subset}/Beta/character01/._0001_01.png", b"clutter")
            archive.writestr(f"{subset}/Beta/.DS_Store", b"clutter")
            for name in reversed(files):
                if name.startswith(subset):
                    archive.writestr(name, files[name])


def write_folders(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Expect the small data set, in a home of its own, without a network."""
    subsets = (Subset("images_background", 2, 3, "?"), Subset("images_evaluation", 1, 1, "?"))
    monkeypatch.setattr(omniglot, "_SUBSETS", subsets)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    monkeypatch.delenv("SKMETA_DATA", raising=False)
    monkeypatch.setattr(_omniglot_sources, "urlretrieve", no_network)


def no_network(url, path):
    raise URLError("no network in this test")


def serve(monkeypatch, folder, log=None):
    """Let downloads come from `folder`, with these files' MD5 sums as the official ones."""

    def urlretrieve(url, path):
        if log is not None:
            log.append(url)
        shutil.copy(folder / url.rsplit("/", 1)[1], path)

    monkeypatch.setattr(_omniglot_sources, "urlretrieve", urlretrieve)
    sums = {p.stem: hashlib.md5(p.read_bytes()).hexdigest() for p in folder.glob("*.zip")}
    subsets = tuple(s._replace(md5=sums.get(s.name, "?")) for s in omniglot._SUBSETS)
    monkeypatch.setattr(omniglot, "_SUBSETS", subsets)


def files_under(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def cache_file(tmp_path):
    (path,) = (tmp_path / "home" / "omniglot").glob("*.npz")
    return path


def forbid_decoding(monkeypatch):
    def decode(subsets, sources):
        raise AssertionError("decoded, although there is a cache")

    monkeypatch.setattr(omniglot, "decode", decode)


def assert_is_small(bunch, pictures):
    np.testing.assert_array_equal(bunch.images, np.stack(list(pictures.values())))
    assert bunch.images.dtype == np.uint8
    np.testing.assert_array_equal(bunch.target, np.repeat(np.arange(4), 20))
    np.testing.assert_array_equal(bunch.drawer, np.tile(np.arange(1, 21), 4))
    assert bunch.target.dtype == bunch.drawer.dtype == np.int64
    assert bunch.characters.tolist() == NAMES
    assert bunch.alphabets.tolist() == ["Beta", "Beta-2", "Alpha"]
    assert bunch.n_background == 3
    assert "Lake" in bunch.DESCR


# The same result from everywhere


@pytest.mark.parametrize("write", [write_zips, write_folders])
@pytest.mark.parametrize("subfolder", ["", "omniglot"])
@pytest.mark.parametrize("given", ["data_home", "SKMETA_DATA", "home"])
def test_archives_folders_and_cache_agree(
    monkeypatch, tmp_path, pictures, files, write, subfolder, given
):
    place = tmp_path / ("home" if given == "home" else "mine")
    write(place / subfolder, files)
    if given == "SKMETA_DATA":
        monkeypatch.setenv("SKMETA_DATA", str(place))
    data_home = place if given == "data_home" else None
    assert_is_small(fetch_omniglot(data_home=data_home), pictures)
    forbid_decoding(monkeypatch)
    assert_is_small(fetch_omniglot(data_home=str(place) if data_home else None), pictures)


def test_one_subset_zipped_and_the_other_unpacked(tmp_path, pictures, files):
    write_zips(tmp_path / "mine", files, ["images_background"])
    write_folders(
        tmp_path / "mine" / "omniglot", {n: f for n, f in files.items() if "evaluation" in n}
    )
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)


def test_user_folder_in_data_home(monkeypatch, tmp_path, pictures, files):
    write_zips(tmp_path / "mine", files)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert_is_small(fetch_omniglot(data_home="~/mine"), pictures)


def test_environment_without_data_falls_back_to_the_home(monkeypatch, tmp_path, pictures, files):
    write_zips(tmp_path / "home" / "omniglot", files)
    monkeypatch.setenv("SKMETA_DATA", str(tmp_path / "nothing_here"))
    assert_is_small(fetch_omniglot(), pictures)


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_pictures_of_another_mode(tmp_path, pictures, files, mode):
    name = next(iter(files))
    buffer = io.BytesIO()
    Image.open(io.BytesIO(files[name])).convert(mode).save(buffer, "PNG")
    write_folders(tmp_path / "mine", {**files, name: buffer.getvalue()})
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)


# The cache


def test_changed_sources_are_not_answered_from_the_cache(tmp_path, pictures, files):
    write_folders(tmp_path / "mine", files)
    fetch_omniglot(data_home=tmp_path / "mine")
    name = next(iter(files))
    inverted = ~pictures[name]
    (tmp_path / "mine" / name).write_bytes(png(inverted))
    changed = fetch_omniglot(data_home=tmp_path / "mine")
    assert_is_small(changed, {**pictures, name: inverted})

    write_zips(tmp_path / "mine", files)
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)
    write_zips(tmp_path / "mine", {**files, name: png(inverted)})
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), {**pictures, name: inverted})


def truncate(content):
    return content[: len(content) // 2]


def foreign_arrays(content):
    buffer = io.BytesIO()
    np.savez(buffer, packed=np.zeros((3, 3), np.uint8), target=[0], drawer=[0], characters=["x"])
    return buffer.getvalue()


def single_array(content):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "damage", [truncate, foreign_arrays, single_array, lambda content: b"", lambda content: b"x"]
)
def test_damaged_cache_is_rebuilt(monkeypatch, tmp_path, pictures, files, damage):
    write_zips(tmp_path / "mine", files)
    fetch_omniglot(data_home=tmp_path / "mine")
    cache = cache_file(tmp_path)
    whole = cache.read_bytes()
    cache.write_bytes(damage(whole))
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)
    assert files_under(cache.parent) == [cache.name]
    forbid_decoding(monkeypatch)
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)


def test_cache_with_flipped_bytes_never_answers_wrongly(tmp_path, pictures, files):
    write_zips(tmp_path / "mine", files)
    fetch_omniglot(data_home=tmp_path / "mine")
    cache = cache_file(tmp_path)
    whole = cache.read_bytes()
    for position in np.random.default_rng(0).integers(len(whole), size=20):
        flipped = bytearray(whole)
        flipped[position] ^= 0xFF
        cache.write_bytes(flipped)
        assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)


@pytest.mark.parametrize("blocked", ["home", "home/omniglot"])
def test_works_where_no_cache_can_be_written(tmp_path, pictures, files, blocked):
    write_zips(tmp_path / "mine", files)
    path = tmp_path / blocked
    path.parent.mkdir(exist_ok=True)
    path.write_text("a file where the folder should be")
    for _ in range(2):
        assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)
    assert path.is_file()


def test_failed_write_leaves_no_partial_cache(monkeypatch, tmp_path, pictures, files):
    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    write_zips(tmp_path / "mine", files)
    monkeypatch.setattr(np, "savez_compressed", full_disk)
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)
    assert files_under(tmp_path / "home") == []


# Damaged and foreign sources


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_truncated_archive(tmp_path, files, keep):
    write_zips(tmp_path / "mine", files)
    path = tmp_path / "mine" / "images_evaluation.zip"
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    with pytest.raises(ValueError, match=r"images_evaluation\.zip is damaged.*get it again"):
        fetch_omniglot(data_home=tmp_path / "mine")
    assert files_under(tmp_path / "home") == []


def test_archive_with_flipped_bytes_is_right_or_refused(tmp_path, pictures, files):
    write_zips(tmp_path / "mine", files)
    path = tmp_path / "mine" / "images_evaluation.zip"
    content = path.read_bytes()
    n_refused = 0
    for position in np.random.default_rng(0).integers(len(content), size=60):
        flipped = bytearray(content)
        flipped[position] ^= 0xFF
        path.write_bytes(flipped)
        try:
            assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)
        except ValueError as error:
            assert str(path) in str(error)
            n_refused += 1
    assert n_refused > 30


@pytest.mark.parametrize(
    "drop, message",
    [
        ("Beta-2/", "expected 2 alphabets with 3 characters .* received 1 alphabets with 2 char"),
        ("Beta/character02/", "received 2 alphabets with 2 characters"),
        ("images_background", "received 0 alphabets with 0 characters"),
        ("0001_07.png", "expected 20 drawings of Beta/character01.* received 19"),
    ],
)
@pytest.mark.parametrize("write", [write_zips, write_folders])
def test_wrong_counts(tmp_path, files, write, drop, message):
    (tmp_path / "mine" / "images_background").mkdir(parents=True)
    write(tmp_path / "mine", {name: f for name, f in files.items() if drop not in name})
    with pytest.raises(ValueError, match=f"images_background.*{message}.*Get the official"):
        fetch_omniglot(data_home=tmp_path / "mine")


@pytest.mark.parametrize("new_name", ["notes.png", "0001_21.png", "0009_06.png"])
def test_twenty_files_that_are_not_twenty_drawers(tmp_path, files, new_name):
    old_name = "images_background/Beta/character01/0001_07.png"
    renamed = {
        n.replace("0001_07.png", new_name) if n == old_name else n: f for n, f in files.items()
    }
    write_folders(tmp_path / "mine", renamed)
    with pytest.raises(ValueError, match="expected 20 drawings of Beta/character01"):
        fetch_omniglot(data_home=tmp_path / "mine")


@pytest.mark.parametrize("write", [write_zips, write_folders])
def test_wrong_size(tmp_path, files, write):
    name = "images_evaluation/Alpha/character01/0004_03.png"
    write(tmp_path / "mine", {**files, name: png(np.zeros((28, 20), bool))})
    message = (
        r"Alpha/character01/0004_03\.png in .*expected 105 x 105 pixels, received 20 x 28\. .*get"
    )
    with pytest.raises(ValueError, match=message):
        fetch_omniglot(data_home=tmp_path / "mine")


@pytest.mark.parametrize("damage", [truncate, lambda content: b"not a picture"])
def test_damaged_picture(tmp_path, files, damage):
    name = "images_evaluation/Alpha/character01/0004_03.png"
    write_folders(tmp_path / "mine", {**files, name: damage(files[name])})
    with pytest.raises(ValueError, match=r"0004_03\.png in .* is damaged.*again"):
        fetch_omniglot(data_home=tmp_path / "mine")


# Downloads


def test_download(monkeypatch, tmp_path, pictures, files):
    log = []
    write_zips(tmp_path / "server", files)
    serve(monkeypatch, tmp_path / "server", log)
    assert_is_small(fetch_omniglot(), pictures)
    url = "https://github.com/brendenlake/omniglot/raw/master/python/"
    assert log == [f"{url}images_background.zip", f"{url}images_evaluation.zip"]
    folder = tmp_path / "home" / "omniglot"
    assert files_under(folder)[:2] == ["images_background.zip", "images_evaluation.zip"]
    assert len(files_under(folder)) == 3
    fetch_omniglot(download_if_missing=False)
    assert len(log) == 2


def test_download_into_data_home_of_what_is_missing(monkeypatch, tmp_path, pictures, files):
    log = []
    write_zips(tmp_path / "server", files)
    serve(monkeypatch, tmp_path / "server", log)
    write_zips(tmp_path / "mine", files, ["images_background"])
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)
    assert [url.rsplit("/", 1)[1] for url in log] == ["images_evaluation.zip"]
    assert (tmp_path / "mine" / "omniglot" / "images_evaluation.zip").is_file()


@pytest.mark.parametrize("error", [URLError("down"), TimeoutError("slow"), ConnectionResetError()])
def test_download_is_tried_again(monkeypatch, tmp_path, pictures, files, error):
    write_zips(tmp_path / "server", files)
    serve(monkeypatch, tmp_path / "server")
    working, left, pauses = _omniglot_sources.urlretrieve, [error, error], []

    def unreliable(url, path):
        if left:
            path.write_bytes(b"half of it")
            raise left.pop()
        working(url, path)

    monkeypatch.setattr(_omniglot_sources, "urlretrieve", unreliable)
    monkeypatch.setattr(time, "sleep", pauses.append)
    with pytest.warns(UserWarning, match="Retry downloading from url") as record:
        assert_is_small(fetch_omniglot(n_retries=2, delay=0.25), pictures)
    assert pauses == [0.25, 0.25]
    assert record[0].filename == __file__


def test_offline(tmp_path):
    with pytest.warns(UserWarning, match="Retry"), pytest.raises(OSError) as caught:
        fetch_omniglot(n_retries=1, delay=0)
    text = str(caught.value)
    folder = tmp_path / "home" / "omniglot"
    for part in (
        "images_background.zip",
        "images_evaluation.zip",
        str(folder),
        "https://github.com/brendenlake/omniglot",
        "no network in this test",
        "data_home=",
        "SKMETA_DATA",
    ):
        assert part in text
    assert isinstance(caught.value.__cause__, URLError)
    assert files_under(tmp_path) == []


def test_missing_and_no_download(monkeypatch, tmp_path):
    monkeypatch.setenv("SKMETA_DATA", str(tmp_path / "mine"))
    with pytest.raises(OSError, match="download_if_missing=False") as caught:
        fetch_omniglot(download_if_missing=False)
    for part in (str(tmp_path / "mine"), str(tmp_path / "home" / "omniglot"), "data_home="):
        assert part in str(caught.value)
    with pytest.raises(OSError) as caught:
        fetch_omniglot(data_home=tmp_path / "other", download_if_missing=False)
    assert str(tmp_path / "mine") not in str(caught.value)
    assert not (tmp_path / "other").exists()


def test_wrong_md5_sum(monkeypatch, tmp_path, files):
    write_zips(tmp_path / "server", files)
    serve(monkeypatch, tmp_path / "server")
    expected = omniglot._SUBSETS[0].md5
    path = tmp_path / "server" / "images_background.zip"
    path.write_bytes(path.read_bytes() + b"!")
    received = hashlib.md5(path.read_bytes()).hexdigest()
    with pytest.raises(OSError, match=f"MD5 sum is {received}, expected {expected}"):
        fetch_omniglot()
    assert files_under(tmp_path / "home") == []


def test_interrupted_download_leaves_nothing(monkeypatch, tmp_path):
    def interrupted(url, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(_omniglot_sources, "urlretrieve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch_omniglot()
    assert files_under(tmp_path) == []


def test_home_that_cannot_be_made(tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(OSError, match=r"data folder cannot be made.*data_home=.*SKMETA_DATA"):
        fetch_omniglot()
    with pytest.raises(OSError, match=r"Omniglot not found.*data_home="):
        fetch_omniglot(data_home=tmp_path / "home")


# Arguments and imports


@pytest.mark.parametrize(
    "arguments", [{"n_retries": -1}, {"n_retries": 1.5}, {"delay": -1}, {"delay": "1"}]
)
def test_bad_arguments(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"{name} must be"):
        fetch_omniglot(**arguments)


def test_without_pillow(monkeypatch, tmp_path, files):
    write_zips(tmp_path / "mine", files)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        fetch_omniglot(data_home=tmp_path / "mine")


def test_cache_needs_no_pillow(monkeypatch, tmp_path, pictures, files):
    write_zips(tmp_path / "mine", files)
    fetch_omniglot(data_home=tmp_path / "mine")
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert_is_small(fetch_omniglot(data_home=tmp_path / "mine"), pictures)


def test_import_does_not_import_pillow():
    code = "import sys, skmeta.datasets; sys.exit('PIL' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


# The real data


def test_expected_counts_are_those_of_the_paper():
    assert sum(subset.n_characters for subset in SUBSETS) == 1623
    assert sum(subset.n_alphabets for subset in SUBSETS) == 50
    assert [subset.n_characters for subset in SUBSETS] == [964, 659]


@pytest.mark.slow
@pytest.mark.skipif(not REAL_DATA, reason="SKMETA_DATA names no folder with Omniglot")
def test_real_data(monkeypatch):
    monkeypatch.setattr(omniglot, "_SUBSETS", SUBSETS)
    monkeypatch.setenv("SKMETA_DATA", REAL_DATA)
    first = fetch_omniglot(download_if_missing=False)
    forbid_decoding(monkeypatch)
    cached = fetch_omniglot(download_if_missing=False)
    assert first.images.shape == (32460, 105, 105)
    assert set(np.unique(first.images)) == {0, 1}
    assert 0.05 < first.images.mean() < 0.12  # ink is the smaller part
    np.testing.assert_array_equal(np.bincount(first.target), np.full(1623, 20))
    np.testing.assert_array_equal(np.bincount(first.drawer)[1:], np.full(20, 1623))
    assert first.n_background == 964
    assert sum(name.startswith("images_background/") for name in first.characters) == 964
    assert first.characters[964] == "images_evaluation/Angelic/character01"
    assert len(first.alphabets) == 50
    for name in ("images", "target", "drawer", "characters", "alphabets"):
        np.testing.assert_array_equal(first[name], cached[name])
