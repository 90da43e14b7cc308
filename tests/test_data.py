"""Data sets: the built-in ones, splits, folds, minibatches, scaling, augmentation."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import microgd as mg
from microgd.data import (
    DATASETS,
    Dataset,
    augment,
    batches,
    flip_images,
    one_hot,
    read_dataset,
    read_parts,
    shift_images,
)
from microgd.data.keys import order, philox
from microgd.options import written

SEEDS = st.integers(0, 2**64 - 1)

#: What the first run of these tests drew; it must never change.
EPOCH_1 = [[5, 3, 7, 8], [2, 4, 1, 0], [6, 9]]
RAW = 213000021201967259


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return read_dataset("digits")


def flower(count: int = 30) -> Dataset:
    x = np.arange(2.0 * count).reshape(count, 2)
    return Dataset("flower", x, np.arange(count) % 3, ("a", "b", "c"))


class TestDataset:
    def test_fields(self) -> None:
        data = Dataset("d", [[1, 2], [3, 4]], [0, 1], ("no", "yes"))
        assert data.x.dtype == np.float64
        assert data.y.dtype == np.int64
        assert (data.features, data.shape, len(data)) == (("x1", "x2"), (2,), 2)
        assert Dataset("d", np.zeros((1, 2), np.float32), [1.5]).x.dtype == np.float32
        assert repr(data) == "<d: 2 examples, 2 features, 2 classes>"

    def test_it_is_frozen(self) -> None:
        data = flower()
        with pytest.raises(FrozenInstanceError):
            data.name = "other"  # type: ignore[misc]
        with pytest.raises(ValueError, match="read-only"):
            data.x[0, 0] = 1.0
        with pytest.raises(ValueError, match="read-only"):
            data.y[0] = 1

    def test_own_arrays_stay_writeable(self) -> None:
        x = np.zeros((2, 2))
        Dataset("d", x, [0.0, 1.0])
        x[0, 0] = 1.0

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (([1, 2], [0, 1]), mg.ShapeError, r"x is an array of N × features"),
            ((np.zeros((0, 2)), []), mg.ShapeError, "N ≥ 1"),
            (([["a"]], [0.0]), mg.DataError, "x is an array of numbers"),
            (([[1, 2], [3]], [0, 1]), mg.DataError, "x is no array"),
            (([[1.0], [np.nan]], [0.0, 1.0]), mg.ArgumentError, r"x\[1, 0\] is nan: fill it in"),
            (([[1.0]], [np.inf]), mg.ArgumentError, r"y\[0\] is inf"),
            (([[1.0]], [0.0, 1.0]), mg.ShapeError, r"1 rows, and y has shape \(2,\)"),
            (([[1.0], [2.0]], [0, 2], ("a", "b")), mg.ArgumentError, "label 2 at place 1"),
            (([[1.0]], [0], ("a", "a")), mg.ArgumentError, "two classes have the same name"),
            (([[1.0]], [-1], ("a", "b")), mg.ArgumentError, "label -1 at place 0"),
            (([[1.0]], [0.5], ("a", "b")), mg.DataError, "labels are whole numbers"),
            (([[1.0]], [[0]], ("a", "b")), mg.ShapeError, "labels are N whole numbers"),
            (([[1.0]], [0.0], (), ("a", "b")), mg.ShapeError, "2 names of features for 1"),
            (([[1.0]], [0.0], (), (), (2, 2)), mg.ShapeError, r"no examples of shape \(2, 2\)"),
        ],
    )
    def test_what_is_wrong_is_said(self, arguments: Any, error: Any, message: str) -> None:
        with pytest.raises(error, match=message):
            Dataset("d", *arguments)

    def test_take(self) -> None:
        data = flower()
        assert data.take([5, 2]).y.tolist() == [2, 2]
        assert data.take(data.y == 1).counts.tolist() == [0, 10, 0]
        for bad in ([30], [-1], [0.5], [], [[0]], np.ones(5, bool)):
            with pytest.raises(mg.ShapeError):
                data.take(bad)

    def test_one_hot(self) -> None:
        assert one_hot([1, 0, 2], ("a", "b", "c")).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
        assert flower(3).one_hot().tolist() == np.eye(3).tolist()
        with pytest.raises(mg.ArgumentError, match="label 3 at place 1 is out of range"):
            one_hot([0, 3], 3)
        with pytest.raises(mg.ArgumentError, match="no classes"):
            read_dataset("line").one_hot()
        with pytest.raises(mg.ArgumentError, match="classes is a whole number from 1"):
            one_hot([0], 0)

    def test_classes_of_other_data(self) -> None:
        data = Dataset("test", [[1.0], [2.0]], [0, 1], ("b", "c"))
        other = data.with_classes(("a", "b", "c"))
        assert (other.y.tolist(), other.classes) == ([1, 2], ("a", "b", "c"))
        assert data.take([0]).with_classes(("b",)).y.tolist() == [0]
        with pytest.raises(mg.ArgumentError, match="test has class 'c', and expected are: a, b"):
            data.with_classes(("a", "b"))
        with pytest.raises(mg.ArgumentError, match="line has no classes"):
            read_dataset("line").with_classes(("a",))

    def test_description(self, digits: Dataset) -> None:
        told = str(digits.describe())
        assert "1797" in told
        assert "images of 8 × 8" in told
        assert "9 (180)" in told
        assert "CC BY 4.0" in told
        assert "numbers from" in str(read_dataset("line").describe())


class TestBuiltIn:
    def test_the_lectures_net(self) -> None:
        data = read_dataset("lecture-net")
        assert data.x.tolist() == [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
        assert data.y.tolist() == [0, 1, 1, 0]

    def test_xor(self) -> None:
        data = read_dataset("xor(count=10)")
        assert len(data) == 10
        assert_array_equal(data.y, data.x[:, 0] != data.x[:, 1])

    def test_moons_lie_on_their_half_circles(self) -> None:
        data = read_dataset("moons(count=101, noise=0)")
        upper, lower = data.x[data.y == 0], data.x[data.y == 1]
        assert (len(upper), len(lower)) == (50, 51)
        assert_allclose(np.hypot(*upper.T), 1)
        assert (upper[:, 1] >= 0).all()
        assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1)
        assert (lower[:, 1] <= 0.5).all()

    def test_circles_lie_on_their_circles(self) -> None:
        data = read_dataset("circles(noise=0, factor=0.3)")
        assert_allclose(np.hypot(*data.x.T), np.where(data.y == 0, 1, 0.3))
        # Evenly: their middle is the centre.
        assert_allclose(data.x[data.y == 1].mean(axis=0), 0, atol=1e-12)

    @pytest.mark.parametrize(("classes", "turns"), [(2, 1.0), (3, 0.75), (5, 2.5)])
    def test_spirals_lie_on_their_arms(self, classes: int, turns: float) -> None:
        data = read_dataset(f"spirals(noise=0, classes={classes}, turns={turns})")
        radius, angle = np.hypot(*data.x.T), np.arctan2(data.x[:, 1], data.x[:, 0])
        off = angle / (2 * np.pi) - turns * radius - data.y / classes
        assert_allclose(off, np.round(off), atol=1e-9)
        assert radius.max() == pytest.approx(1)
        assert radius.min() > 0

    def test_blobs_and_line_without_noise(self) -> None:
        blobs = read_dataset("blobs(noise=0, classes=4)")
        assert_allclose(np.hypot(*blobs.x.T), 1)
        assert len(np.unique(blobs.x.round(9), axis=0)) == 4
        line = read_dataset("line(noise=0, slope=-3, intercept=0.5)")
        assert_allclose(line.y, 0.5 - 3 * line.x[:, 0])
        assert line.x.min() >= -2
        assert line.x.max() <= 2

    @pytest.mark.parametrize("name", ["xor", "moons", "circles", "spirals", "blobs", "line"])
    def test_count_noise_and_seed(self, name: str) -> None:
        first = read_dataset(f"{name}(count=60, noise=0.3)")
        assert len(first) == 60
        assert_array_equal(first.x, read_dataset(f"{name}(count=60, noise=0.3)").x)
        assert not np.array_equal(first.x, read_dataset(f"{name}(60, 0.3, seed=1)").x)
        if first.classes:
            assert first.counts.max() - first.counts.min() <= 1
            assert not (np.diff(first.y) >= 0).all()  # shuffled

    def test_noise_has_its_sigma(self) -> None:
        exact = read_dataset("moons(count=20000, noise=0)").x
        off = read_dataset("moons(count=20000, noise=0.2)").x - exact
        assert off.std() == pytest.approx(0.2, rel=0.02)
        assert abs(off.mean()) < 0.01

    def test_digits(self, digits: Dataset) -> None:
        assert (len(digits), digits.shape, digits.x.dtype) == (1797, (8, 8), np.float32)
        assert digits.counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
        assert (digits.x.min(), digits.x.max(), digits.limits) == (0, 16, (0.0, 16.0))
        assert_array_equal(digits.x, digits.x.round())
        assert digits.images[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
        assert digits.y[:10].tolist() == list(range(10))
        assert "Alpaydin" in digits.source

    @pytest.mark.oracle
    @pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast-cancer"])
    def test_as_scikit_learn_has_it(self, name: str) -> None:
        sets = pytest.importorskip("sklearn.datasets")
        theirs = getattr(sets, f"load_{name.replace('-', '_')}")()
        ours = read_dataset(name)
        assert_array_equal(ours.x, theirs.data)
        assert_array_equal(ours.y, theirs.target)
        assert ours.classes == tuple(map(str, theirs.target_names))

    @pytest.mark.oracle
    @pytest.mark.parametrize("name", ["moons", "circles"])
    def test_points_are_scikit_learns(self, name: str) -> None:
        sets = pytest.importorskip("sklearn.datasets")
        options = {"factor": 0.5} if name == "circles" else {}
        x, y = getattr(sets, f"make_{name}")(75, shuffle=False, **options)
        ours = read_dataset(f"{name}(count=75, noise=0)")
        for c in range(2):
            mine, theirs = (np.sort(p.round(9), axis=0) for p in (ours.x[ours.y == c], x[y == c]))
            assert_allclose(mine, theirs, atol=1e-8)

    def test_without_scikit_learn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
        with pytest.raises(mg.MissingExtraError, match=r'pip install "microgd\[sklearn\]"'):
            read_dataset("iris")

    def test_importing_reads_no_file(self) -> None:
        code = (
            "import sys, builtins, microgd.data as d\n"
            "assert not {'sklearn', 'pyarrow', 'matplotlib', 'gzip', 'zipfile'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


class TestText:
    @pytest.mark.parametrize("name", DATASETS)
    def test_a_spec_is_written_as_it_is_read(self, name: str) -> None:
        spec = DATASETS[name]()
        assert spec.name == name
        assert spec.about.endswith(".")
        from microgd.data.table import _built_in

        assert _built_in(written(spec)) == spec
        assert _built_in(name) == spec

    def test_options_and_other_spellings(self) -> None:
        assert len(read_dataset(" Moons( 50 , seed = 3) ")) == 50
        assert read_dataset("lecture_net").name == read_dataset("lecturenet()").name
        assert list(read_parts("xor")) == ["all"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("mons", "there is no data set 'mons'. Did you mean 'moons'"),
            ("lecture-nut", "lecture-net"),
            ("moons(size=3)", "moons has no option 'size'"),
            ("moons(count=1)", "Moons: count must be a whole number of at least 2"),
            ("moons(noise=-1)", "Moons: noise must be 0 or a number above it"),
            ("circles(factor=1)", "factor must be"),
            ("spirals(classes=1)", "classes must be a whole number of at least 2"),
            ("spirals(count=2)", "count must be a whole number of at least 3"),
            ("line(slope=nan)", "Line: slope must be a finite number"),
            ("moons(", "is no data set"),
            ("moons(seed=18446744073709551616)", "seed is a whole number from 0 to 2⁶⁴ − 1"),
            ("nowhere.csv", "cannot read nowhere.csv: there is no such file"),
            ("./moons", "there is no such file"),
            ("", "is no data set"),
            ("https://data.org/x.csv", "microgd downloads nothing: fetch"),
            ("x" * 5000, "there is no data set"),
            (3, "expected the name of a data set or a path, got 3"),
        ],
    )
    def test_bad_ones(self, text: str, message: str) -> None:
        with pytest.raises(mg.ArgumentError, match=message.replace("(", r"\(")):
            read_dataset(text)

    def test_parts_and_columns_are_for_files(self) -> None:
        with pytest.raises(mg.ArgumentError, match=r"no part 'test', only: all \(.split"):
            read_dataset("moons", part="test")
        with pytest.raises(mg.ArgumentError, match="this is built in"):
            read_dataset("moons", label="x")


class TestSplit:
    @given(
        counts=st.lists(st.integers(3, 40), min_size=1, max_size=6),
        share=st.floats(0.05, 0.6),
        seed=SEEDS,
    )
    def test_stratified_disjoint_and_whole(
        self, counts: list[int], share: float, seed: int
    ) -> None:
        labels = np.repeat(np.arange(len(counts)), counts)
        total = len(labels)
        if round(share * total) == 0:
            return
        data = Dataset("d", np.arange(total)[:, None], labels, tuple("abcdef"[: len(counts)]))
        train, test = data.split(share, seed)
        seen = np.concatenate([train.x[:, 0], test.x[:, 0]])
        assert sorted(seen) == list(range(total))
        assert len(test) == round(share * total)
        exact = np.array(counts) * len(test) / total
        assert (np.abs(test.counts - exact) < 2).all()
        assert (train.counts > 0).all()
        assert (np.diff(train.x[:, 0]) > 0).all()

    def test_shares_are_to_the_nearest_example(self) -> None:
        labels = np.repeat([0, 1], [80, 20])
        data = Dataset("d", np.zeros((100, 1)), labels, ("a", "b"))
        assert data.split(0.25)[1].counts.tolist() == [20, 5]
        assert data.split(10)[1].counts.tolist() == [8, 2]

    def test_seeded(self) -> None:
        data = flower(300)
        first, again, other = (data.split(0.2, seed)[1].x for seed in (1, 1, 2))
        assert_array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_plain_and_regression(self) -> None:
        data = read_dataset("line(count=50)")
        train, test = data.split(0.3)
        assert (len(train), len(test)) == (35, 15)
        found = {tuple(flower(300).split(0.2, s, stratified=False)[1].counts) for s in range(20)}
        assert len(found) > 1

    @pytest.mark.parametrize("bad", [0.0, 1.0, -0.2, 1.5, 0, 30, 31, True, "0.2", 0.001, 0.999])
    def test_bad_shares(self, bad: Any) -> None:
        with pytest.raises(mg.ArgumentError, match="held_out"):
            flower().split(bad)

    def test_a_class_that_would_vanish(self) -> None:
        data = Dataset("d", np.zeros((5, 1)), [0, 0, 0, 0, 1], ("common", "rare"))
        assert data.split(0.4)[0].counts.tolist() == [2, 1]
        with pytest.raises(mg.ArgumentError, match="class 'rare' has only 1; use stratified=False"):
            data.split(0.8)
        data.split(0.8, stratified=False)

    def test_a_class_without_examples_is_no_trouble(self) -> None:
        data = Dataset("d", np.zeros((4, 1)), [0, 0, 2, 2], ("a", "b", "c"))
        assert data.split(0.5)[1].counts.tolist() == [1, 0, 1]


class TestFolds:
    @given(count=st.integers(2, 60), k=st.integers(2, 10), seed=SEEDS, stratified=st.booleans())
    def test_they_part_the_data(self, count: int, k: int, seed: int, stratified: bool) -> None:
        if k > count:
            return
        data = Dataset("d", np.arange(count)[:, None], np.arange(count) % 3, ("a", "b", "c"))
        pairs = list(data.folds(k, seed, stratified))
        assert sorted(np.concatenate([test.x[:, 0] for _, test in pairs])) == list(range(count))
        sizes = [len(test) for _, test in pairs]
        assert max(sizes) - min(sizes) <= 1
        for train, test in pairs:
            assert not set(train.x[:, 0]) & set(test.x[:, 0])
            assert len(train) + len(test) == count
        if stratified:
            spread = np.ptp([test.counts for _, test in pairs], axis=0)
            assert (spread <= 1).all()

    def test_seeded_and_checked_at_once(self) -> None:
        first, again, other = (next(flower().folds(3, seed))[1].x for seed in (1, 1, 2))
        assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        for bad in (1, 31, 2.0, True):
            with pytest.raises(mg.ArgumentError):
                flower().folds(bad)  # type: ignore[arg-type]


class TestScaling:
    def test_training_statistics(self) -> None:
        train = Dataset("a", [[0.0, 5.0], [2.0, 5.0]], [0.0, 1.0])
        test = Dataset("b", [[4.0, 6.0]], [0.0])
        assert train.standardised().x.tolist() == [[-1, 0], [1, 0]]
        assert test.standardised(like=train).x.tolist() == [[3, 1]]
        assert test.scaled(like=train).x.tolist() == [[2, 1]]
        assert train.scaled(-1, 1).x.tolist() == [[-1, -1], [1, -1]]

    def test_means_and_deviations(self, digits: Dataset) -> None:
        x = digits.standardised().x
        assert x.dtype == np.float32
        moving = digits.x.std(axis=0) > 0
        assert_allclose(x.mean(axis=0), 0, atol=1e-5)
        assert_allclose(x.std(axis=0, dtype=np.float64)[moving], 1, rtol=1e-6)
        assert (x[:, ~moving] == 0).all()
        assert_allclose(x[:, moving], ((digits.x - digits.x.mean(0, np.float64))[:, moving]
                        / digits.x.std(0, np.float64)[moving]), atol=1e-5)  # fmt: skip

    def test_constant_columns_by_value(self) -> None:
        data = Dataset("d", np.full((7, 1), 0.1), np.zeros(7))
        assert data.standardised().x.tolist() == [[0.0]] * 7

    def test_limits(self, digits: Dataset) -> None:
        part = digits.take([0, 1])
        assert part.scaled().x.max() == part.x.max() / 16
        assert_array_equal(part.scaled().x, digits.scaled().x[:2])
        assert part.scaled(-1, 1).limits == (-1, 1)
        assert digits.standardised().limits is None
        assert replace(part, limits=None).scaled().x.max() == 1

    def test_bad_ones(self) -> None:
        with pytest.raises(mg.ShapeError, match="2 columns, and lecture-net 3"):
            read_dataset("lecture-net").standardised(like=read_dataset("xor"))
        for low, high in ((1, 0), (0, 0), (0, np.inf), (np.nan, 1)):
            with pytest.raises(mg.ArgumentError, match="low < high"):
                flower().scaled(low, high)


class TestBatches:
    @given(count=st.integers(1, 300), size=st.integers(1, 320), seed=SEEDS, epoch=SEEDS)
    def test_they_part_an_epoch(self, count: int, size: int, seed: int, epoch: int) -> None:
        found = batches(count, size, seed, epoch)
        assert sorted(np.concatenate(found)) == list(range(count))
        assert [len(b) for b in found[:-1]] == [size] * (len(found) - 1)
        assert 1 <= len(found[-1]) <= size
        again = batches(count, size, seed, epoch)
        assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
        if size <= count:
            dropped = batches(count, size, seed, epoch, "drop")
            assert {len(b) for b in dropped} == {size}
            assert len(dropped) == count // size
            assert all(np.array_equal(a, b) for a, b in zip(found, dropped, strict=False))

    @pytest.mark.parametrize("size", [1, 64, 128, 256, 1438, 5000])
    def test_the_usual_sizes(self, size: int) -> None:
        assert len(batches(1438, size)) == -(-1438 // size)

    def test_epochs_and_seeds_differ(self) -> None:
        orders = {
            tuple(np.concatenate(batches(50, 8, seed, epoch)))
            for seed in (0, 1, 2, 2**32, 2**64 - 1)
            for epoch in (0, 1, 2, 2**32)
        }
        assert len(orders) == 20

    def test_the_same_for_ever(self) -> None:
        assert [b.tolist() for b in batches(10, 4, seed=0, epoch=1)] == EPOCH_1
        assert int(philox(0, 0, 0).random_raw()) == RAW

    def test_every_place_is_as_likely(self) -> None:
        first = Counter(int(batches(5, 1, epoch=e)[0][0]) for e in range(2000))
        assert all(abs(n - 400) < 90 for n in first.values())

    def test_purposes_do_not_share_numbers(self) -> None:
        assert len({tuple(order(30, purpose, 0)) for purpose in range(7)}) == 7

    def test_in_order(self) -> None:
        assert [b.tolist() for b in batches(5, 2, shuffle=False)] == [[0, 1], [2, 3], [4]]

    @pytest.mark.parametrize(
        "arguments",
        [(0, 1), (5, 0), (5, 2.0), (5, True), (5, 2, -1), (5, 2, 0, -1), (5, 2, 0, 0, "skip"),
         (5, 6, 0, 0, "drop"), (5, 2, 2**64), (5, 2, None)],
    )  # fmt: skip
    def test_bad_ones(self, arguments: Any) -> None:
        with pytest.raises(mg.ArgumentError):
            batches(*arguments)


class TestAugment:
    X = np.arange(1.0, 37.0).reshape(2, 18)  # 2 images of 2 × 3 × 3

    @given(dx=st.integers(-4, 4), dy=st.integers(-4, 4))
    def test_a_shift_is_a_shift(self, dx: int, dy: int) -> None:
        images = np.random.default_rng(0).normal(size=(3, 2, 4, 5))
        moved = shift_images(images, dx, dy)
        for y in range(4):
            for x in range(5):
                inside = 0 <= y - dy < 4 and 0 <= x - dx < 5
                expected = images[:, :, y - dy, x - dx] if inside else 0
                assert_array_equal(moved[:, :, y, x], np.broadcast_to(expected, (3, 2)))

    def test_each_image_by_its_own(self) -> None:
        images = np.arange(8.0).reshape(2, 2, 2)
        moved = shift_images(images, [1, 0], [0, -1])
        assert moved.tolist() == [[[0, 0], [0, 2]], [[6, 7], [0, 0]]]

    def test_flips(self) -> None:
        images = self.X.reshape(2, 2, 3, 3)
        flipped = flip_images(images, [False, True])
        assert_array_equal(flipped[0], images[0])
        assert_array_equal(flipped[1], images[1, :, :, ::-1])
        assert_array_equal(flip_images(flipped, [False, True]), images)

    def test_nothing_asked_nothing_changed(self) -> None:
        same = augment(self.X, (2, 3, 3))
        assert_array_equal(same, self.X)
        same[0, 0] = -1
        assert self.X[0, 0] == 1

    def test_a_pure_function_of_its_key(self) -> None:
        def made(*key: int) -> Any:
            return augment(self.X, (2, 3, 3), *key, shift=2, noise=0.1, flip=True).tolist()

        assert made(1, 2, 3) == made(1, 2, 3)
        keys = [(a, b, c) for a in range(2) for b in range(2) for c in range(2)]
        assert len({str(made(*key)) for key in keys}) == 8

    def test_noise_does_not_change_the_shifts(self) -> None:
        x = np.ones((50, 9))
        still = augment(x, (3, 3), seed=4, shift=1)
        noisy = augment(x, (3, 3), seed=4, shift=1, noise=1e-3)
        assert_allclose(still, noisy, atol=0.01)
        assert not np.array_equal(still, noisy)

    def test_how_often_and_how_far(self) -> None:
        x = np.tile([0.0, 1.0, 0.0] * 3, (3000, 1))
        moved = augment(x, (3, 3), shift=1).reshape(-1, 3, 3)
        # One of three ways along x leaves the stripe; two of three along y lose a row of it.
        assert abs((moved[:, 1, 1] == 1).mean() - 1 / 3) < 0.04
        assert abs((moved.sum(axis=(1, 2)) == 2).mean() - 2 / 3) < 0.04
        ramp = np.tile([0.0, 1.0], (3000, 1))
        assert abs(augment(ramp, (1, 2), flip=True)[:, 0].mean() - 0.5) < 0.04
        assert augment(ramp, (1, 2), noise=0.5).std(axis=0) == pytest.approx([0.5] * 2, rel=0.1)

    def test_dtype_and_shape_stay(self, digits: Dataset) -> None:
        x = augment(digits.x[:7], digits.shape, shift=1, noise=0.1, flip=True)
        assert (x.shape, x.dtype) == ((7, 64), np.float32)

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"shape": (18,)}, mg.ShapeError),
            ({"shape": (3, 3)}, mg.ShapeError),
            ({"shift": -1}, mg.ArgumentError),
            ({"shift": 4}, mg.ArgumentError),
            ({"shift": 0.5}, mg.ArgumentError),
            ({"noise": -0.1}, mg.ArgumentError),
            ({"noise": np.nan}, mg.ArgumentError),
            ({"seed": -1, "flip": True}, mg.ArgumentError),
        ],
    )
    def test_bad_ones(self, options: Any, error: Any) -> None:
        with pytest.raises(error):
            augment(self.X, **{"shape": (2, 3, 3), **options})


@settings(max_examples=20)
@given(count=st.integers(2, 40), seed=st.integers(0, 1000))
def test_a_net_can_take_it(count: int, seed: int) -> None:
    data = read_dataset(f"blobs(count={count + 3}, seed={seed})")
    scores = mg.Tensor(data.x) @ mg.Tensor(np.zeros((2, 3)))
    assert scores.shape == (len(data), 3)
