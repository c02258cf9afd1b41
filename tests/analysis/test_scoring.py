"""The score scale: 80 is a false match rate of 1e-4 whatever the model's cosines are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.scoring import CalibrationPoint, ScoreScale

TABLE = [(-0.3, 1.0), (0.0, 0.6), (0.1, 0.25), (0.2, 0.05), (0.3, 5e-3), (0.36, 1e-3), (0.43, 1e-4), (0.5, 1.2e-5)]


def scale(rows: list[tuple[float, float]] = TABLE) -> ScoreScale:
    return ScoreScale.from_points([CalibrationPoint(*row) for row in rows])


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Measured tables of any model: cosines rise, false match rates fall to at most 1e-4."""
    count = draw(st.integers(2, 12))
    cosines = sorted(draw(st.lists(st.floats(-0.9, 0.9), min_size=count, max_size=count, unique=True)))
    cosines = [cosine + index * 0.005 for index, cosine in enumerate(cosines)]
    steps = draw(st.lists(st.floats(0.05, 2.0), min_size=count, max_size=count))
    decades = [sum(steps[: index + 1]) - steps[0] for index in range(count)]
    stretch = max(1.0, 4.0 / decades[-1])
    return [(cosine, 10.0 ** -(decade * stretch)) for cosine, decade in zip(cosines, decades, strict=True)]


def test_eighty_is_one_in_ten_thousand() -> None:
    assert scale().score(0.43) == pytest.approx(80.0)
    assert scale().score_at_fmr(1e-4) == pytest.approx(80.0)
    assert scale().similarity_at_score(80.0) == pytest.approx(0.43)
    assert scale().similarity_at_fmr(1e-4) == pytest.approx(0.43)


def test_decades_are_worth_twenty_below_and_five_above() -> None:
    assert scale().score(0.36) == pytest.approx(60.0)
    assert scale().score_at_fmr(1e-5) == pytest.approx(85.0)
    assert scale().score_at_fmr(1e-8) == pytest.approx(100.0)
    assert scale().score_at_fmr(1e-12) == 100.0
    assert scale().score_at_fmr(1.0) == 0.0


def test_every_measured_row_is_met() -> None:
    for cosine, fmr in TABLE:
        assert scale().fmr(cosine) == pytest.approx(fmr, rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(rows=tables(), one=st.floats(-1, 1), other=st.floats(-1, 1))
def test_more_similar_never_scores_less(rows: list[tuple[float, float]], one: float, other: float) -> None:
    low, high = sorted((one, other))
    fitted = scale(rows)
    assert fitted.score(low) <= fitted.score(high)
    assert fitted.fmr(low) >= fitted.fmr(high)
    assert 0.0 <= fitted.score(low) <= 100.0
    assert 0.0 <= fitted.fmr(high) <= 1.0


@settings(max_examples=100, deadline=None)
@given(rows=tables(), score=st.floats(0.5, 99.5))
def test_scores_and_cosines_are_inverse(rows: list[tuple[float, float]], score: float) -> None:
    fitted = scale(rows)
    assert fitted.score(fitted.similarity_at_score(score)) == pytest.approx(score, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(rows=tables(), decades=st.floats(0.1, 9))
def test_rates_and_cosines_are_inverse(rows: list[tuple[float, float]], decades: float) -> None:
    fitted = scale(rows)
    fmr = 10.0**-decades
    assert fitted.fmr(fitted.similarity_at_fmr(fmr)) == pytest.approx(fmr, rel=1e-6)
    assert fitted.score_at_fmr(fmr) == pytest.approx(fitted.score(fitted.similarity_at_fmr(fmr)), abs=1e-6)


def test_everything_reaches_score_zero() -> None:
    assert scale().similarity_at_score(0.0) == -math.inf


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0.4, 1e-4)],
        [(0.1, 0.1), (0.3, 1e-3)],
        [(0.1, 1e-3), (0.3, 1e-2), (0.5, 1e-5)],
        [(0.1, 0.0), (0.5, 1e-5)],
        [(0.1, 0.5), (1.5, 1e-5)],
    ],
    ids=["empty", "one row", "ends above 1e-4", "rises", "zero rate", "cosine beyond 1"],
)
def test_a_table_that_cannot_be_a_scale_is_refused(rows: list[tuple[float, float]]) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        scale(rows)
    assert caught.value.code is ErrorCode.PACK_INVALID
