from __future__ import annotations

import pytest

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.evaluation.pairs import parse_pairs

TWO_FOLDS = "2\t1\nada\t1\t2\nada\t1\tbob\t3\nBob Jr\t4\t5\ncleo\t1\tada\t12\n"


def test_folds_names_and_truth() -> None:
    pairs = parse_pairs(TWO_FOLDS)
    assert [(pair.first, pair.second, pair.same) for pair in pairs] == [
        ("ada/ada_0001", "ada/ada_0002", True),
        ("ada/ada_0001", "bob/bob_0003", False),
        ("Bob Jr/Bob Jr_0004", "Bob Jr/Bob Jr_0005", True),
        ("cleo/cleo_0001", "ada/ada_0012", False),
    ]
    assert pairs.fold_numbers == (0, 0, 1, 1)
    assert len(pairs.pictures) == 7


def test_blanks_and_windows_line_ends_are_taken() -> None:
    assert len(parse_pairs(TWO_FOLDS.replace("\t", " ").replace("Bob Jr", "Bob").replace("\n", "\r\n"))) == 4


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "line 1"),
        ("ten\n", "line 1"),
        ("1\t1\nada\t1\t2\nada\t1\tbob\t3\n", "line 1"),
        (TWO_FOLDS + "one\t1\t2\n", "announced"),
        (TWO_FOLDS.replace("ada\t1\t2", "ada\tx\t2"), "line 2"),
        (TWO_FOLDS.replace("ada\t1\t2", "ada\t1"), "line 2"),
    ],
)
def test_wrong_lists_are_refused_naming_the_line(text: str, line: str) -> None:
    with pytest.raises(EdgeFaceError, match=line) as caught:
        parse_pairs(text)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
