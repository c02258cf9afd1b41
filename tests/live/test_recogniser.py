from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from edgeface.config import LiveConfig
from edgeface.live.hints import Hint
from edgeface.live.outcome import Advice, Conclusion, Outcome
from edgeface.live.recogniser import Recogniser
from edgeface.live.tracker import Track
from edgeface.types import Face, Match
from tests.live.faces import face, match, spoilt, template

FRAME_S = 1 / 15


class Person:
    """Looks at a track, frame by frame, with scripted answers of the gallery."""

    def __init__(self, answers: Sequence[tuple[Match, ...]], config: LiveConfig | None = None) -> None:
        self.config = config or LiveConfig()
        self.recogniser = Recogniser(self.config, Track(7, face(), 1, 0.0, 0.0))
        self.answers: Iterator[tuple[Match, ...]] = iter([*answers, *[answers[-1]] * 100] if answers else [()] * 100)
        self.embedded = 0
        self.now = 0.0

    def look(self, at: Face, distance_m: float | None = 1.0) -> list[Outcome | Advice]:
        self.now += FRAME_S
        return list(self.recogniser.look(at, self.now, distance_m=distance_m, embed=self._embed, search=self._search))

    def looks(self, at: Face, frames: int, distance_m: float | None = 1.0) -> list[Outcome | Advice]:
        return [item for _ in range(frames) for item in self.look(at, distance_m)]

    def _embed(self, at: Face):  # type: ignore[no-untyped-def]
        self.embedded += 1
        return template(self.embedded)

    def _search(self, of) -> tuple[Match, ...]:  # type: ignore[no-untyped-def]
        return next(self.answers)


def outcomes(told: list[Outcome | Advice]) -> list[Outcome]:
    return [item for item in told if isinstance(item, Outcome)]


def hints(told: list[Outcome | Advice]) -> list[Hint]:
    return [item.hint for item in told if isinstance(item, Advice)]


def test_three_agreeing_shots_recognise_once() -> None:
    person = Person([(match("ada", 88),), (match("ada", 92),), (match("ada", 96),)])
    (outcome,) = outcomes(person.looks(face(), 60))
    assert outcome.conclusion is Conclusion.RECOGNISED
    assert outcome.match is not None
    assert (outcome.match.user_id, outcome.match.score, outcome.shots) == ("ada", 92.0, 3)


def test_somebody_who_stands_still_is_embedded_only_as_often_as_the_decision_needs() -> None:
    person = Person([(match("ada"),)])
    person.looks(face(), 60)
    assert person.embedded == 3


def test_a_better_look_is_embedded_at_once_and_a_worse_one_is_not() -> None:
    person = Person([(match("ada"),)], LiveConfig(shot_gap_s=10))
    person.look(face(eyes=50))
    person.look(face(eyes=40))
    assert person.embedded == 1
    person.look(face(eyes=70))
    assert person.embedded == 2


def test_nobody_known_is_unknown_and_a_better_look_may_correct_that() -> None:
    person = Person([(), (), (), (match("ada"),)])
    (first,) = outcomes(person.looks(face(eyes=40), 20))
    assert first.conclusion is Conclusion.UNKNOWN
    better = [face(eyes=eyes) for eyes in (60, 80, 100)]
    (second,) = outcomes([item for at in better for item in person.look(at)])
    assert second.conclusion is Conclusion.RECOGNISED


def test_shots_that_name_different_people_decide_nothing() -> None:
    person = Person([(match("ada"),), (match("ben"),)] * 20)
    (outcome,) = outcomes(person.looks(face(), 120))
    assert outcome.conclusion is Conclusion.UNDECIDED
    assert outcome.reasons[0] == "disagreement"


def test_one_shot_of_somebody_else_needs_two_more_that_agree() -> None:
    person = Person([(match("ben"),), (match("ada"),)])
    (outcome,) = outcomes(person.looks(face(), 60))
    assert outcome.match is not None
    assert (outcome.match.user_id, outcome.shots) == ("ada", 6)


def test_a_face_that_never_passes_the_gate_is_told_why_and_then_reported_undecided() -> None:
    person = Person([])
    dark = spoilt(face(), "illumination", 20, 40, ">")
    told = person.looks(dark, 120)
    (outcome,) = outcomes(told)
    assert (outcome.conclusion, outcome.reasons) == (Conclusion.UNDECIDED, ("few_looks", "illumination"))
    assert person.embedded == 0
    assert set(hints(told)) == {Hint.TOO_DARK}
    assert 3 <= len(hints(told)) <= 7  # one a second until it is given up


@pytest.mark.parametrize(
    ("distance", "reason", "hint"), [(4.0, "too_far", Hint.CLOSER), (0.1, "too_near", Hint.STEP_BACK)]
)
def test_people_outside_the_working_distance_are_not_decided_on(distance: float, reason: str, hint: Hint) -> None:
    person = Person([(match("ada"),)], LiveConfig(min_distance_m=0.3))
    told = person.looks(face(), 120, distance)
    assert outcomes(told) == []
    assert set(hints(told)) == {hint}
    assert person.embedded == 0
    outcome = person.recogniser.end(person.now)
    assert outcome is not None
    assert (outcome.conclusion, outcome.reasons) == (Conclusion.UNDECIDED, ("few_looks", reason))


def test_who_comes_slowly_from_afar_is_decided_on_when_they_are_there() -> None:
    person = Person([(match("ada"),)])
    assert outcomes(person.looks(face(), 300, 5.0)) == []
    (outcome,) = outcomes(person.looks(face(), 30, 1.5))
    assert outcome.conclusion is Conclusion.RECOGNISED


def test_a_hint_that_nobody_follows_is_repeated_ever_more_seldom() -> None:
    person = Person([])
    told = hints(person.looks(face(), 15 * 600, 5.0))
    assert 15 <= len(told) <= 26  # ten minutes; 600 of them at one a second


def test_an_undecided_person_who_comes_into_the_light_is_recognised_after_all() -> None:
    person = Person([(match("ada"),)])
    (first,) = outcomes(person.looks(spoilt(face(), "illumination", 20, 40, ">"), 120))
    (second,) = outcomes(person.looks(face(), 30))
    assert (first.conclusion, second.conclusion) == (Conclusion.UNDECIDED, Conclusion.RECOGNISED)


def test_the_same_person_in_two_groups_is_one_person() -> None:
    person = Person([(match("ada", group_id="staff"),), (match("ada", 95, group_id="guards"),)] * 5)
    (outcome,) = outcomes(person.looks(face(), 60))
    assert outcome.match is not None
    assert (outcome.match.user_id, outcome.match.group_id, outcome.shots) == ("ada", "guards", 3)


def test_who_matches_once_in_a_while_is_not_that_person() -> None:
    chances = [(match("ada"),), (), (), (), ()] * 20
    person = Person(chances)
    told = outcomes(person.looks(face(eyes=40), 120))
    told += outcomes([item for eyes in range(41, 200) for item in person.look(face(eyes=eyes))])
    assert Conclusion.RECOGNISED not in {outcome.conclusion for outcome in told}


def test_a_track_that_ends_undecided_is_reported_and_one_glimpse_is_not() -> None:
    person = Person([(match("ada"),)])
    person.look(face())
    assert person.recogniser.end(person.now) is None
    person.look(face())
    outcome = person.recogniser.end(person.now)
    assert outcome is not None
    assert (outcome.conclusion, outcome.track) == (Conclusion.UNDECIDED, 7)
