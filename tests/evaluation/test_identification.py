from __future__ import annotations

import numpy as np
import pytest

from edgeface.evaluation.identification import identification_rates
from edgeface.similarity import TemplateSpace

SPACE = TemplateSpace(4)


def _unit(*rows: tuple[float, ...]) -> np.ndarray:
    vectors = np.asarray(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


GALLERY = _unit((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0.2, 1, 0, 0))
PEOPLE = ["ada", "bob", "cleo", "bob"]


def test_rank_1_and_fnir_with_known_answers() -> None:
    probes = _unit(
        (1, 0.1, 0, 0),  # ada, found at 0.995
        (0.1, 1, 0, 0),  # bob
        (1, 0, 0.3, 0),  # cleo, taken for ada
        (0.5, 0, 0, 1),  # a stranger, best candidate ada at 0.447
        (0, 0, 0, 1),  # a stranger, like nobody
    )
    rates = identification_rates(GALLERY, PEOPLE, probes, ["ada", "bob", "cleo", "eve", "fay"], [0.5], SPACE)
    assert (rates.people, rates.templates) == (3, 4)
    assert (rates.mated_probes, rates.non_mated_probes) == (3, 2)
    assert rates.rank_1 == pytest.approx(2 / 3)
    (point,) = rates.points
    assert point.measured_fpir == 0.5
    assert point.fnir == pytest.approx(1 / 3)
    assert 0 < point.threshold <= 0.4473


def test_a_strict_rate_costs_the_weak_mates() -> None:
    probes = np.concatenate([_unit((1, 0, 0, 0), (0.6, 0, 0, 0.8)), np.tile(_unit((0.7, 0, 0, 0.7)), (10, 1))])
    labels = ["ada", "ada", *[f"stranger{number}" for number in range(10)]]
    (loose,) = identification_rates(GALLERY, PEOPLE, probes, labels, [1.0], SPACE).points
    (strict,) = identification_rates(GALLERY, PEOPLE, probes, labels, [0.1], SPACE).points
    assert loose.fnir == 0.5  # the weak mate (0.6) is below even the strangers' 0.707
    assert strict.fnir == 0.5
    assert strict.measured_fpir == 0.0  # equal strangers cannot be let in one by one
    assert strict.threshold > 0.7071


def test_without_strangers_there_is_no_fpir() -> None:
    rates = identification_rates(GALLERY, PEOPLE, GALLERY, PEOPLE, [0.1], SPACE)
    assert rates.rank_1 == 1.0
    assert rates.points == ()


def test_without_mates_there_is_no_rank() -> None:
    rates = identification_rates(GALLERY, PEOPLE, GALLERY[:1], ["eve"], [0.1], SPACE)
    assert rates.rank_1 is None
    assert rates.points == ()


def test_blocks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    probes = _unit(*random.normal(size=(40, 4)))
    labels = ["ada"] * 20 + ["eve"] * 20
    whole = identification_rates(GALLERY, PEOPLE, probes, labels, [0.1], SPACE)
    monkeypatch.setattr("edgeface.evaluation.identification._BLOCK", 7)
    assert identification_rates(GALLERY, PEOPLE, probes, labels, [0.1], SPACE) == whole
