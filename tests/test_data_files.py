"""Files of data, made by hand, byte by byte; and every way in which one can be wrong."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

import microgd as mg
from microgd.data import (
    Dataset,
    load_cifar,
    load_csv,
    load_idx,
    read_columns,
    read_dataset,
    read_idx,
    read_parts,
)

IN_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)


def idx(array: Any, code: int = 8) -> bytes:
    """An IDX file: 0, 0, the type, the number of axes, the sizes, the numbers."""
    values = np.asarray(array)
    types = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
    sizes = b"".join(struct.pack(">I", n) for n in values.shape)
    return bytes([0, 0, code, values.ndim]) + sizes + values.astype(types[code]).tobytes()


PIXELS = np.arange(3 * 2 * 2).reshape(3, 2, 2)
IMAGES, LABELS = idx(PIXELS), idx([0, 9, 4])


def mnist(folder: Path, ending: str = "", **changed: bytes) -> Path:
    """A folder with the four files; `train_images=…` puts something else into one of them."""
    for part in ("train", "t10k"):
        for kind, data in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            content = changed.get(f"{part}_{kind.split('-')[0]}", data)
            packed = gzip.compress(content) if ending else content
            (folder / f"{part}-{kind}-ubyte{ending}").write_bytes(packed)
    return folder


def failure(call: Callable[[], object], message: str) -> mg.FileFormatError:
    """The error that says what is wrong in a file; its words stand in the message."""
    with pytest.raises(mg.FileFormatError) as caught:
        call()
    assert message in str(caught.value), str(caught.value)
    assert caught.value.path
    assert caught.value.path in str(caught.value)
    return caught.value


class TestIdx:
    def test_byte_by_byte(self, tmp_path: Path) -> None:
        file = tmp_path / "a"
        file.write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255]))
        assert read_idx(file).tolist() == [[1, 2, 3], [4, 5, 255]]
        file.write_bytes(bytes([0, 0, 0x0B, 1, 0, 0, 0, 2, 0x01, 0x00, 0xFF, 0xFF]))
        assert read_idx(file).tolist() == [256, -1]

    @IN_FOLDER
    @given(
        code=st.sampled_from([8, 9, 11, 12, 13, 14]),
        data=st.data(),
        packed=st.booleans(),
    )
    def test_round_trip(self, code: int, data: Any, packed: bool, tmp_path: Path) -> None:
        types = {8: "u1", 9: "i1", 11: "i2", 12: "i4", 13: "f4", 14: "f8"}
        shape = data.draw(hnp.array_shapes(max_dims=4, max_side=4))
        array = data.draw(hnp.arrays(types[code], shape))
        file = tmp_path / "a"
        file.write_bytes(gzip.compress(idx(array, code)) if packed else idx(array, code))
        assert_array_equal(read_idx(file), array)

    @pytest.mark.parametrize("ending", ["", ".gz"])
    def test_a_folder(self, ending: str, tmp_path: Path) -> None:
        parts = read_parts(str(mnist(tmp_path, ending)))
        assert list(parts) == ["train", "test"]
        for data in parts.values():
            assert_array_equal(data.images, PIXELS)
            assert (data.x.dtype, data.limits, data.shape) == (np.float32, (0, 255), (2, 2))
            assert (data.y.tolist(), data.classes) == ([0, 9, 4], tuple("0123456789"))
        assert len(read_dataset(tmp_path, part="test")) == 3
        with pytest.raises(mg.ArgumentError, match="no part 'all', only: train, test"):
            read_dataset(tmp_path, part="all")

    def test_one_of_the_files_and_mixed_endings(self, tmp_path: Path) -> None:
        mnist(tmp_path)
        labels = tmp_path / "t10k-labels-idx1-ubyte"
        (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels.read_bytes()))
        labels.unlink()
        assert read_dataset(tmp_path / "t10k-images-idx3-ubyte").y.tolist() == [0, 9, 4]
        assert read_dataset(f"{labels}.gz").y.tolist() == [0, 9, 4]

    def test_dots_in_the_names_as_some_archives_have(self, tmp_path: Path) -> None:
        (tmp_path / "train-images.idx3-ubyte").write_bytes(IMAGES)
        (tmp_path / "train-labels.idx1-ubyte").write_bytes(LABELS)
        assert list(read_parts(tmp_path)) == ["train"]

    def test_fashion_by_its_folder(self, tmp_path: Path) -> None:
        folder = tmp_path / "FashionMNIST" / "raw"
        folder.mkdir(parents=True)
        mnist(folder)
        data = read_dataset(folder.parent)
        assert data.name == "fashion-mnist"
        assert data.classes[9] == "ankle boot"

    @pytest.mark.parametrize(
        ("data", "message", "offset"),
        [
            (b"", "it ends at byte 0", 0),
            (IMAGES[:3], "it ends at byte 3, in IDX's first 4", 3),
            (b"\x01" + IMAGES[1:], "byte 0 is 0x01", 0),
            (b"\0\x07" + IMAGES[2:], "byte 1 is 0x07", 1),
            (b"\0\0\x07" + IMAGES[3:], "byte 2, the type of the numbers, is 0x07", 2),
            (b"\0\0\x08\0", "byte 3, the number of axes, is 0", 3),
            (b"\0\0\x08\xff", "byte 3, the number of axes, is 255", 3),
            (IMAGES[:9], "it ends at byte 9, among the sizes of 3 axes, which are the bytes 4 "
             "to 15", 9),
            (IMAGES[:-1], "the sizes 3 × 2 × 2 (bytes 4 to 15) need 12 bytes of data, from byte 16 "
             "to byte 27; the file ends at byte 27", 27),
            (IMAGES + b"ab", "the file goes on, to 30 bytes", 28),
            (b"\0\0\x08\x03" + b"\xff" * 12, "the file ends at byte 16", 16),
            (IMAGES[:4] + b"\0" * 12, "it has no images (bytes 4 to 7 are 0)", 4),
        ],
    )  # fmt: skip
    def test_wrong_images(self, data: bytes, message: str, offset: int, tmp_path: Path) -> None:
        mnist(tmp_path, train_images=data, train_labels=LABELS)
        if data[4:16] == b"\0" * 12:
            mnist(tmp_path, train_images=data, train_labels=idx(np.zeros(0)))
        error = failure(lambda: read_dataset(tmp_path), message)
        assert error.offset == offset
        assert "train-images" in str(error)

    @pytest.mark.parametrize(
        ("data", "message", "offset"),
        [
            (idx([0, 1]), "it has 2 labels (bytes 4 to 7)", 4),
            (idx([0, 10, 200]), "label number 1, at byte 9, is 10: there are 10 classes", 9),
            (idx([0, 1, -1], 12), "label number 2, at byte 16, is -1", 16),
            (IMAGES, "labels are one axis of whole numbers (magic number 0x00000801), and bytes 0 "
             "to 3 say 0x00000803", 3),
            (idx([0.0, 1.0, 2.0], 13), "say 0x00000d01", 2),
            (LABELS[:-1], "the file ends at byte 10", 10),
        ],
    )  # fmt: skip
    def test_wrong_labels(self, data: bytes, message: str, offset: int, tmp_path: Path) -> None:
        mnist(tmp_path, t10k_labels=data)
        error = failure(lambda: read_parts(tmp_path), message)
        assert error.offset == offset
        assert "t10k-labels" in str(error)

    def test_swapped_files(self, tmp_path: Path) -> None:
        mnist(tmp_path)
        images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
        failure(lambda: load_idx(labels, images), "are the two files swapped?")

    def test_other_classes(self, tmp_path: Path) -> None:
        folder = mnist(tmp_path, train_labels=idx([0, 46, 4]))
        files = (folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte")
        assert len(load_idx(*files, classes=47).classes) == 47
        failure(lambda: load_idx(*files, classes=("a", "b")), "label number 1, at byte 9, is 46")

    def test_lonely_and_unnamed_files(self, tmp_path: Path) -> None:
        (tmp_path / "train-images-idx3-ubyte").write_bytes(IMAGES)
        failure(lambda: read_dataset(tmp_path), "beside it there should be train-labels-idx1-ubyte")
        (tmp_path / "other").write_bytes(IMAGES)
        failure(lambda: read_dataset(tmp_path / "other"), "use mg.data.load_idx(images, labels)")


class TestGzip:
    def test_several_members_and_padding(self, tmp_path: Path) -> None:
        file = tmp_path / "a.csv.gz"
        file.write_bytes(gzip.compress(b"1,2\n") + gzip.compress(b"3,4\n") + b"\0" * 512)
        assert load_csv(file).x.tolist() == [[1], [3]]

    @pytest.mark.parametrize("keep", [2, 9, 10, 15, 25, -9, -8, -1])
    def test_one_that_ends_early(self, keep: int, tmp_path: Path) -> None:
        packed = gzip.compress(LABELS * 20)
        mnist(tmp_path, ".gz")
        (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(packed[:keep])
        end = len(packed[:keep])
        error = failure(lambda: read_dataset(tmp_path), f"the file stops at byte {end}")
        assert error.offset == end

    def test_one_that_is_damaged(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 256, 20_000, dtype=np.uint8).tobytes()
        packed = bytearray(gzip.compress(noise))
        packed[-5] ^= 1  # in the checksum
        file = tmp_path / "a"
        file.write_bytes(packed)
        error = failure(lambda: read_idx(file), "the gzip data are damaged between byte 16384 and")
        assert error.offset == 16384

    def test_something_behind_it(self, tmp_path: Path) -> None:
        file, packed = tmp_path / "a", gzip.compress(IMAGES)
        file.write_bytes(packed + b"more")
        failure(lambda: read_idx(file), f"what follows the gzip data at byte {len(packed)}")

    def test_bytes_count_in_what_is_unpacked(self, tmp_path: Path) -> None:
        file = tmp_path / "a"
        file.write_bytes(gzip.compress(IMAGES[:-1]))
        failure(lambda: read_idx(file), "ends at byte 27 (bytes of the unpacked data)")

    def test_a_bomb(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("microgd.data.content.MOST", 1000)
        file = tmp_path / "a"
        file.write_bytes(gzip.compress(bytes(2000)))
        failure(lambda: read_idx(file), "larger than 1000 bytes")


def record(label: int, seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, 3072, dtype=np.uint8)
    return bytes([label]) + pixels.tobytes()


NAMES = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"


def cifar(folder: Path) -> Path:
    for n in range(1, 6):
        (folder / f"data_batch_{n}.bin").write_bytes(record(n, n) + record(0))
    (folder / "test_batch.bin").write_bytes(record(9))
    (folder / "batches.meta.txt").write_text(NAMES)
    return folder


class TestCifar:
    def test_byte_by_byte(self, tmp_path: Path) -> None:
        file = tmp_path / "one.bin"
        file.write_bytes(bytes([3]) + b"\x01" * 1024 + b"\x02" * 1023 + b"\x09" + b"\x03" * 1024)
        data = read_dataset(file)
        assert (data.y.tolist(), data.classes[3], data.shape) == ([3], "cat", (3, 32, 32))
        assert (data.images[0, 0] == 1).all()
        assert data.images[0, 1, 31, 31] == 9
        assert (data.images[0, 2] == 3).all()
        assert (data.x.dtype, data.limits) == (np.float32, (0, 255))

    def test_a_folder(self, tmp_path: Path) -> None:
        parts = read_parts(cifar(tmp_path))
        assert parts["train"].y.tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]
        assert parts["test"].y.tolist() == [9]
        assert parts["test"].classes == tuple(NAMES.split())
        assert_array_equal(parts["train"].x[0], list(record(1, 1)[1:]))
        outer = tmp_path / "outer"
        outer.mkdir()
        tmp_path_2 = outer / "cifar-10-batches-bin"
        tmp_path_2.mkdir()
        assert len(read_dataset(cifar(tmp_path_2).parent)) == 10

    @IN_FOLDER
    @given(labels=st.lists(st.integers(0, 9), min_size=1, max_size=5), seed=st.integers(0, 99))
    def test_round_trip(self, labels: list[int], seed: int, tmp_path: Path) -> None:
        file = tmp_path / "some.bin"
        file.write_bytes(b"".join(record(y, seed + i) for i, y in enumerate(labels)))
        data = load_cifar(file)
        assert data.y.tolist() == labels
        again = np.c_[data.y, data.x].astype(np.uint8).tobytes()
        assert again == file.read_bytes()

    @pytest.mark.parametrize(
        ("data", "message", "offset"),
        [
            (b"", "it ends at byte 0", 0),
            (record(1)[:-1], "it ends at byte 3072, in the middle of record 0, which begins at "
             "byte 0", 3072),
            (record(1) * 2 + b"\x01", "it ends at byte 6147, in the middle of record 2, which "
             "begins at byte 6146", 6147),
            (record(1) + record(10), "the label at byte 3073, of record 1, is 10", 3073),
            (b"\x01" + record(1), "those of CIFAR-100", 3074),
        ],
    )  # fmt: skip
    def test_wrong_files(self, data: bytes, message: str, offset: int, tmp_path: Path) -> None:
        cifar(tmp_path)
        (tmp_path / "data_batch_3.bin").write_bytes(data)
        error = failure(lambda: read_parts(tmp_path), message)
        assert error.offset == offset
        assert "data_batch_3.bin" in str(error)

    @pytest.mark.parametrize(
        ("text", "message", "line"),
        [
            (NAMES.replace("cat\n", ""), "it names 9 classes, and CIFAR-10 has 10", 10),
            (NAMES.strip() + "\ncow\n", "it names 11 classes", 11),
            (NAMES.replace("cat", ""), "line 4 is empty", 4),
            (NAMES.replace("dog", "cat"), "line 6 is 'cat' for the second time", 6),
        ],
    )
    def test_wrong_names(self, text: str, message: str, line: int, tmp_path: Path) -> None:
        (cifar(tmp_path) / "batches.meta.txt").write_text(text)
        assert failure(lambda: read_dataset(tmp_path), message).line == line

    def test_a_batch_that_is_missing(self, tmp_path: Path) -> None:
        (cifar(tmp_path) / "data_batch_3.bin").unlink()
        with pytest.raises(mg.ArgumentError, match=r"lacks data_batch_3\.bin"):
            read_dataset(tmp_path)

    def test_the_version_of_pickles_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "data_batch_1"
        file.write_bytes(pickle.dumps({b"labels": [1]}))
        failure(lambda: read_dataset(tmp_path), "Get the *binary* version of CIFAR-10")
        failure(lambda: read_dataset(file), "it is a pickle: to read one is to run the program")


def written(folder: Path, text: str | bytes, name: str = "data.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


class TestCsv:
    def test_head_and_names_of_classes(self, tmp_path: Path) -> None:
        text = "length,width,species\n5.1,3.5,setosa\n7,3.2,versicolor\n4.9,3,setosa\n"
        data = read_dataset(written(tmp_path, text))
        assert (data.name, data.features) == ("data", ("length", "width"))
        assert (data.y.tolist(), data.classes) == ([0, 1, 0], ("setosa", "versicolor"))
        assert data.x.tolist() == [[5.1, 3.5], [7, 3.2], [4.9, 3]]

    @pytest.mark.parametrize(
        "text",
        [
            "1,2,0\n3,4,1\n5,6,0\n",
            "\ufeff1,2,0\r\n3,4,1\r\n5,6,0",
            '1;2;"0"\n\n3;4;1\n  ;\n5;6;0\n'.replace("  ;\n", "\n"),
            "1\t2\t0\n3\t4\t1\n5\t6\t0\n",
            " 1 , 2 , 0\n 3 , 4 , 1\n 5e0, 6., 0\n",
            "a,b,c\n1,2,0\n3,4,1\n5,6,0\n",
        ],
    )
    def test_ways_to_write_the_same(self, text: str, tmp_path: Path) -> None:
        data = load_csv(written(tmp_path, text))
        assert data.x.tolist() == [[1, 2], [3, 4], [5, 6]]
        assert (data.y.tolist(), data.classes) == ([0, 1, 0], ("0", "1"))

    def test_a_label_by_name(self, tmp_path: Path) -> None:
        file = written(tmp_path, "kind,a,b\nx,1,2\ny,3,4\n")
        data = read_dataset(str(file), label="kind")
        assert (data.features, data.classes) == (("a", "b"), ("x", "y"))
        with pytest.raises(mg.ArgumentError, match=r"no column 'kin'\. Did you mean 'kind'"):
            load_csv(file, label="kin")

    def test_what_is_a_class(self, tmp_path: Path) -> None:
        def column(*cells: object, targets: str = "auto") -> Dataset:
            text = "".join(f"0,{cell}\n" for cell in cells)
            return load_csv(written(tmp_path, text), targets=targets, head=False)

        assert column(1, 2, 1).classes == ("1", "2")
        assert column(10, 9, 10, -1).classes == ("-1", "9", "10")
        assert column(1, 2, 3).y.tolist() == [1.0, 2.0, 3.0]
        assert column(1.0, 2.0, 1.0).classes == ()
        assert column(*range(31), 0).classes == ()
        assert len(column(*range(30), 0).classes) == 30
        assert column(1, 2, 1, targets="numbers").y.dtype == np.float64
        assert column(1, 2, 3, targets="classes").y.tolist() == [0, 1, 2]
        assert column(0.5, 1.5, targets="classes").classes == ("0.5", "1.5")
        assert column("+1", 1, -1).classes == ("-1", "1")
        with pytest.raises(mg.ArgumentError, match="targets are auto, classes, numbers"):
            column(1, targets="text")

    def test_head_by_option(self, tmp_path: Path) -> None:
        file = written(tmp_path, "1,2,cold\n3,4,warm\n")
        assert len(load_csv(file)) == 2
        assert len(load_csv(file, head=True)) == 1
        assert load_csv(file, head=True).features == ("1", "2")
        failure(lambda: load_csv(written(tmp_path, "a,b\n1,2\n"), head=False), "line 1, column 1")

    @IN_FOLDER
    @given(
        x=hnp.arrays(
            np.float64,
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
            elements=st.floats(allow_nan=False, allow_infinity=False),
        ),
        head=st.booleans(),
    )
    def test_round_trip(self, x: Any, head: bool, tmp_path: Path) -> None:
        names = [f"c{i}" for i in range(x.shape[1])]
        lines = [",".join(map(repr, row)) + f",{0.5 * i!r}" for i, row in enumerate(x.tolist())]
        text = "\n".join([",".join([*names, "y"]) * head, *lines])
        data = load_csv(written(tmp_path, text))
        assert_array_equal(data.x, x)
        assert_array_equal(data.y, 0.5 * np.arange(len(x)))
        assert data.features == (
            tuple(names) if head else tuple(f"x{i + 1}" for i in range(len(names)))
        )

    @pytest.mark.parametrize(
        ("text", "message", "line", "column"),
        [
            ("", "it has no lines", 1, None),
            ("\n\n", "it has no lines", 1, None),
            ("a,b\n", "needs a head line with names, and a line for each example", 2, None),
            ("a,b\n1,2\n3\n", "line 3 has 1 cells, and line 1 has 2", 3, 2),
            ("1,2\n3,4,5\n", "line 2 has 3 cells, and line 1 has 2", 2, 3),
            (
                "a,b\n1,2\n\nx,4\n",
                "line 4, column 1 (a): the cell is 'x', which is no number",
                4,
                1,
            ),
            ("a,b\n,2\n", "line 2, column 1 (a): the cell is empty", 2, 1),
            ("a,b\n1,\n", "line 2, column 2 (b): the cell is empty, where a label", 2, 2),
            ("a,b\n1,0\n?,1\n", "line 3, column 1 (a): the cell is '?'", 3, 1),
            ("a,b\nNaN,1\n", "line 2, column 1 (a): the cell is NaN: fill it in", 2, 1),
            ("a,b\n1,1\n-inf,1\n", "line 3, column 1 (a): the cell is -inf", 3, 1),
            ("a,b\n1,1.5\n1,nan\n", "line 3, column 2 (b): the cell is nan", 3, 2),
            ("a,b\n1_000,1\n", "line 2, column 1 (a): the cell is '1_000'", 2, 1),
            ("a,b\n1,3\n1,?\n1,4\n", "line 3, column 2 (b): the cell is '?', where others", 3, 2),
            ("a,a\n1,2\n", "line 1, column 2 is 'a' for the second time", 1, 2),
            ("a,,c\n1,2,3\n", "line 1, column 2 has no name", 1, 2),
            ('a,b\n"1\n",2\n"x\n",2\n', "line 4, column 1 (a): the cell is 'x'", 4, 1),
            ('a,b\n1,"2\n', "line 2: unexpected end of data", 2, None),
        ],
    )
    def test_wrong_files(
        self, text: str, message: str, line: int, column: int | None, tmp_path: Path
    ) -> None:
        error = failure(lambda: read_dataset(written(tmp_path, text)), message)
        assert (error.line, error.column) == (line, column)

    def test_no_text(self, tmp_path: Path) -> None:
        file = written(tmp_path, b"a,b\n1,caf\xe9\n")
        assert failure(lambda: load_csv(file), "byte 9 (0xe9) is no text in UTF-8").offset == 9
        utf16 = written(tmp_path, "a,b\n1,2\n".encode("utf-16"))
        assert failure(lambda: load_csv(utf16), "byte 0 (0xff)").offset == 0

    def test_one_column(self, tmp_path: Path) -> None:
        with pytest.raises(mg.ArgumentError, match="has one column, 'a'"):
            load_csv(written(tmp_path, "a\n1\n"))

    def test_columns(self, tmp_path: Path) -> None:
        columns = read_columns(written(tmp_path, "x,y\n1,2\n3,4\n"))
        assert {name: c.tolist() for name, c in columns.items()} == {"x": [1, 3], "y": [2, 4]}
        failure(lambda: read_columns(written(tmp_path, "1,2\n3,4\n")), "must name the columns")
        failure(lambda: read_columns(written(tmp_path, "x,y\n1,a\n")), "line 2, column 2 (y)")


class TestNpz:
    @IN_FOLDER
    @given(
        x=hnp.arrays(
            st.sampled_from([np.float64, np.float32]),
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
            elements=st.floats(-1e6, 1e6, width=32),
        ),
        data=st.data(),
    )
    def test_round_trip(self, x: Any, data: Any, tmp_path: Path) -> None:
        y = data.draw(hnp.arrays(np.float64, len(x), elements=st.floats(-1e6, 1e6)))
        np.savez(tmp_path / "a.npz", x=x, y=y)
        found = read_dataset(tmp_path / "a.npz")
        assert_array_equal(found.x, x)
        assert_array_equal(found.y, y)
        assert found.x.dtype == x.dtype

    def saved(self, folder: Path, **arrays: Any) -> Path:
        file = folder / "a.npz"
        np.savez_compressed(file, **{name: np.asarray(a) for name, a in arrays.items()})
        return file

    def test_labels(self, tmp_path: Path) -> None:
        x = np.zeros((3, 2))
        data = read_dataset(self.saved(tmp_path, x=x, y=[0, 2, 1]))
        assert (data.classes, data.y.tolist()) == (("0", "1", "2"), [0, 2, 1])
        data = read_dataset(self.saved(tmp_path, x=x, y=[[0], [1], [1]], classes=["a", "b"]))
        assert (data.classes, data.y.tolist()) == (("a", "b"), [0, 1, 1])
        data = read_dataset(self.saved(tmp_path, x=x, y=["b", "a", "b"]))
        assert (data.classes, data.y.tolist()) == (("a", "b"), [1, 0, 1])
        data = read_dataset(self.saved(tmp_path, x=x, y=[0, 2, 1]), targets="numbers")
        assert data.classes == ()
        data = read_dataset(self.saved(tmp_path, x=x, y=[0.0, 2.0, 1.0]), targets="classes")
        assert len(data.classes) == 3

    def test_images_and_parts(self, tmp_path: Path) -> None:
        gray = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
        file = self.saved(tmp_path, x_train=gray, y_train=[0, 1], x_test=gray[:1], y_test=[1])
        parts = read_parts(file)
        assert {name: len(part) for name, part in parts.items()} == {"train": 2, "test": 1}
        assert (parts["train"].shape, parts["train"].limits) == ((2, 2), (0, 255))
        colour = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
        data = read_dataset(self.saved(tmp_path, x=colour, y=[0, 1]))
        assert data.shape == (3, 4, 5)
        assert_array_equal(data.images[1, 2], colour[1, :, :, 2])
        single = read_dataset(self.saved(tmp_path, x=gray[..., None], y=[0, 1]))
        assert_array_equal(single.images, gray)

    def test_parts_count_classes_alike(self, tmp_path: Path) -> None:
        x = np.zeros((11, 1))
        file = self.saved(tmp_path, x_train=x, y_train=range(11), x_test=x[:2], y_test=[1, 0])
        parts = read_parts(file)
        assert parts["test"].classes == parts["train"].classes == tuple(map(str, range(11)))
        file = self.saved(
            tmp_path, x_train=x[:3], y_train=["a", "b", "c"], x_test=x[:2], y_test=["c", "b"]
        )
        assert read_parts(file)["test"].y.tolist() == [2, 1]

    def test_pickles_are_refused(self, tmp_path: Path) -> None:
        class Trap:
            def __reduce__(self) -> Any:
                return (Path.touch, (tmp_path / "sprung",))

        file = tmp_path / "a.npz"
        np.savez(file, x=np.array([Trap()], dtype=object), y=[0])
        failure(lambda: read_dataset(file), "its array 'x.npy' has Python objects")
        np.savez(file, x=np.zeros((1, 1)), y=np.array([Trap()], dtype=object))
        failure(lambda: read_dataset(file), "so microgd never does")
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"a": [1]}, "it has the arrays a, and needs x and y"),
            ({"x": [[1.0], [np.nan]], "y": [0, 1]}, "x[1, 0] is nan"),
            ({"x": [[1.0], [2.0]], "y": [0.5, np.inf]}, "y[1] is inf"),
            ({"x": [1.0, 2.0], "y": [0, 1]}, "x has shape (2,)"),
            ({"x": np.zeros((0, 2)), "y": []}, "x has shape (0, 2)"),
            ({"x": [[1.0], [2.0]], "y": [0]}, "x has 2 rows, and y has shape (1,)"),
            ({"x": [["a"]], "y": [0]}, "x is an array of <U1"),
            ({"x": [[1.0], [2.0]], "y": [0, -1]}, "y[1] is -1: labels are whole numbers from 0"),
            ({"x": [[1.0], [2.0]], "y": [0, 2], "classes": ["a", "b"]}, "from 0 up to 1"),
            ({"x": [[1.0], [2.0]], "y": [0, 255]}, "y[1] is 255"),
            ({"x": [[1.0]], "y": [[0, 1]]}, "y has shape (1, 2): one label"),
        ],
    )
    def test_wrong_arrays(self, arrays: Any, message: str, tmp_path: Path) -> None:
        failure(lambda: read_dataset(self.saved(tmp_path, **arrays)), message)

    @pytest.mark.parametrize("keep", [0, 3, 30, 200, -1])
    def test_cut_off(self, keep: int, tmp_path: Path) -> None:
        file = self.saved(tmp_path, x=np.random.default_rng(0).normal(size=(9, 9)), y=np.zeros(9))
        file.write_bytes(file.read_bytes()[:keep])
        error = failure(lambda: read_dataset(file), "the .npz is damaged, or ends early")
        assert error.offset == file.stat().st_size

    def test_damaged_inside(self, tmp_path: Path) -> None:
        file = tmp_path / "a.npz"
        np.savez(file, x=np.ones((9, 9)), y=np.zeros(9))
        data = bytearray(file.read_bytes())
        data[300] ^= 255
        file.write_bytes(data)
        failure(lambda: read_dataset(file), "damaged")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("x.npy", b"\x93NUMPY\x01\0")
        failure(lambda: read_dataset(file), "its array 'x.npy' is damaged")


class TestParquet:
    def test_without_pyarrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(mg.MissingExtraError, match=r'pip install "microgd\[parquet\]"'):
            read_dataset(written(tmp_path, b"PAR1....PAR1", "a.parquet"))

    @pytest.mark.oracle
    def test_columns(self, tmp_path: Path) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        def read(targets: str = "auto", label: str | None = None, **columns: Any) -> Dataset:
            file = tmp_path / "a.parquet"
            parquet.write_table(pyarrow.table(columns), file)
            return read_dataset(file, targets=targets, label=label)

        data = read(a=[1, 2], b=[0.5, 1.5], kind=["x", "y"])
        assert (data.features, data.classes, data.x.tolist()) == (
            ("a", "b"), ("x", "y"), [[1, 0.5], [2, 1.5]])  # fmt: skip
        assert read(kind=["x", "y"], a=[1, 2], label="kind").features == ("a",)
        assert read(a=[1, 2, 3], y=[1, 0, 1]).classes == ("0", "1")
        assert read(a=[1, 2, 3], y=[1.0, 0.0, 1.0]).classes == ()
        failure(lambda: read(a=[1, None], y=[0, 1]), "column 'a', row 1: the cell is empty")
        failure(lambda: read(a=[1.0, np.nan], y=[0, 1]), "column 'a', row 1: the cell is nan")
        failure(lambda: read(a=["u", "v"], y=[0, 1]), "column 'a' is of string")
        failure(lambda: read(a=[1, 2], y=["u", None]), "column 'y', row 1: the cell is empty")
        failure(lambda: read(a=pyarrow.array([], pyarrow.int64()), y=pyarrow.array([], "int64")),
                "it has no rows")  # fmt: skip

    @pytest.mark.oracle
    def test_cut_off(self, tmp_path: Path) -> None:
        pytest.importorskip("pyarrow")
        failure(lambda: read_dataset(written(tmp_path, b"PAR1abc", "a.parquet")), "of 7 bytes")


class TestRecognition:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"\x93NUMPY\x01\0", "np.savez(file, x=…, y=…)"),
            (pickle.dumps([1, 2]), "it is a pickle"),
            (pickle.dumps([1, 2], protocol=2), "it is a pickle"),
            (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
            (bytes(257) + b"ustar" + bytes(99), "unpack it first"),
            (b"\x89PNG\r\n", "a picture"),
            (b"\x05\x06\0\x07abc", "it begins with the bytes 05 06 00 07 61 62 63"),
        ],
    )
    def test_what_is_refused(self, data: bytes, message: str, tmp_path: Path) -> None:
        assert failure(lambda: read_dataset(written(tmp_path, data, "x")), message).offset == 0

    def test_names_do_not_matter(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, x=np.zeros((2, 1)), y=[0, 1])
        assert len(read_dataset(written(tmp_path, buffer.getvalue(), "a.data"))) == 2
        assert len(read_dataset(written(tmp_path, "1,0\n2,1\n3,1\n", "b.data"))) == 3
        assert read_dataset(written(tmp_path, record(7) * 2, "c.data")).y.tolist() == [7, 7]
        packed = gzip.compress(record(7))
        assert read_dataset(written(tmp_path, packed, "d")).y.tolist() == [7]

    def test_a_first_record_that_looks_like_idx(self, tmp_path: Path) -> None:
        data = bytes([0, 0, 8, 3]) + record(0)[4:]
        assert read_dataset(written(tmp_path, data, "a.bin")).y.tolist() == [0]

    def test_options_that_do_not_fit(self, tmp_path: Path) -> None:
        cifar(tmp_path)
        for options in ({"label": "a"}, {"targets": "classes"}, {"head": True}):
            with pytest.raises(mg.ArgumentError, match="is about the columns of a table"):
                read_dataset(tmp_path, **options)  # type: ignore[arg-type]
            with pytest.raises(mg.ArgumentError, match="is about the columns of a table"):
                read_dataset(tmp_path / "test_batch.bin", **options)  # type: ignore[arg-type]

    def test_other_folders_and_no_files(self, tmp_path: Path) -> None:
        (tmp_path / "notes.md").write_text("x")
        with pytest.raises(mg.ArgumentError, match=r"neither MNIST's files.*In it: notes\.md"):
            read_dataset(tmp_path)
        with pytest.raises(mg.ArgumentError, match="there is no such file"):
            read_dataset(tmp_path / "nothing")

    @settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        data=st.binary(max_size=60), begin=st.sampled_from([b"", b"\0\0", b"PK\3\4", b"\x1f\x8b"])
    )
    def test_any_bytes_end_in_data_or_in_our_own_error(
        self, data: bytes, begin: bytes, tmp_path: Path
    ) -> None:
        with suppress(mg.FileFormatError, mg.ArgumentError, mg.MissingExtraError):
            assert len(read_dataset(written(tmp_path, begin + data, "x"))) > 0
