"""One track's way to a decision: judge every look, embed the good ones, decide when several agree.

Pure bookkeeping: pictures and galleries are asked through two functions that the loop hands in.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from edgeface.config import LiveConfig
from edgeface.live.hints import Hint, hint_for
from edgeface.live.outcome import Advice, Conclusion, Outcome
from edgeface.live.shot import Shot, shot_quality
from edgeface.live.tracker import Track
from edgeface.types import Face, Match, Template

Embed = Callable[[Face], Template]
"""A judged face's template."""
Search = Callable[[Template], tuple[Match, ...]]
"""Whom a template is like, at the decision threshold, best first."""

_MOST_REASONS = 3
_LONGEST_HINT_GAP_S = 30.0
"""A hint that nobody follows is repeated ever more seldom, up to this: somebody who waits in view fills no card."""
_OUT_OF_REACH = frozenset({"too_far", "too_near"})
_FIRMNESS = (None, Conclusion.UNDECIDED, Conclusion.UNKNOWN, Conclusion.RECOGNISED)
"""A later conclusion of a track only ever replaces one that stands before it here."""


class Recogniser:
    """Follows one track. One thread."""

    def __init__(self, config: LiveConfig, track: Track) -> None:
        self._config = config
        self._number = track.number
        self._began_at = track.began_at
        self._near_since: float | None = None
        # The latest only: what somebody looked like long ago must not outvote what is seen now, nor fill the memory.
        self._shots: deque[Shot] = deque(maxlen=config.most_shots)
        self._embedded = 0
        self._best: Shot | None = None
        self._spoilt: Counter[str] = Counter()
        self._last_hint: Hint | None = None
        self._hint_gap_s = config.hint_every_s
        self._hinted_at = -float("inf")
        self._looks = 0
        self._conclusion: Conclusion | None = None
        self._face = track.face
        self._distance_m: float | None = None

    @property
    def conclusion(self) -> Conclusion | None:
        """What was concluded so far."""
        return self._conclusion

    @property
    def open(self) -> bool:
        """Whether a further look can change anything: everything but a recognition is corrected by better looks."""
        return self._conclusion is not Conclusion.RECOGNISED

    @property
    def last_template(self) -> Template | None:
        """The template of the latest embedded shot."""
        return self._shots[-1].face.template if self._shots else None

    def absorb(self, other: Recogniser) -> None:
        """The other track was this one after a jump: its shots and its conclusion count here too."""
        self._shots.extend(other._shots)
        self._embedded += other._embedded
        if other._best and (self._best is None or other._best.quality > self._best.quality):
            self._best, self._distance_m = other._best, other._distance_m
        self._spoilt += other._spoilt
        self._looks += other._looks
        self._conclusion = max(self._conclusion, other._conclusion, key=_FIRMNESS.index)

    def look(
        self, face: Face, now: float, *, distance_m: float | None, embed: Embed, search: Search
    ) -> tuple[Outcome | Advice, ...]:
        """One more look at the face, judged (``verdict``, ``quality`` and ``pose`` are set) but not embedded.

        Returns what there is to tell: at most one outcome and one hint.
        """
        self._looks += 1
        self._face = face
        told: list[Outcome | Advice] = []
        spoilt = self._why_not(face, distance_m)
        if self._near_since is None and not _OUT_OF_REACH.intersection(spoilt):
            self._near_since = now
        if spoilt:
            self._spoilt.update(spoilt)
            if self._conclusion is not Conclusion.UNKNOWN and (advice := self._advice(face, now, spoilt, distance_m)):
                told.append(advice)
        elif self._worth_embedding(face, now):
            self._take(face, now, distance_m, embed, search)
        if outcome := self._conclude(now):
            told.append(outcome)
        return tuple(told)

    def end(self, now: float) -> Outcome | None:
        """The track is over: what was not decided is reported now, once."""
        if self._conclusion is not None or self._looks < self._config.min_hits:
            return None
        return self._outcome(Conclusion.UNDECIDED, now, reasons=self._reasons("few_looks"))

    # ------------------------------------------------------------------ inside

    def _take(self, face: Face, now: float, distance_m: float | None, embed: Embed, search: Search) -> None:
        template = embed(face)
        shot = Shot(replace(face, template=template), shot_quality(face), now, search(template))
        if self._best is None or shot.quality >= self._best.quality:
            self._best, self._distance_m = shot, distance_m
        self._shots.append(shot)
        self._embedded += 1

    def _why_not(self, face: Face, distance_m: float | None) -> tuple[str, ...]:
        if distance_m is not None and distance_m > self._config.max_distance_m:
            return ("too_far",)
        if distance_m is not None and distance_m < self._config.min_distance_m:
            return ("too_near",)
        violations = face.verdict.violations if face.verdict else ()
        return tuple(violation.measure for violation in violations)

    def _advice(self, face: Face, now: float, spoilt: Sequence[str], distance_m: float | None) -> Advice | None:
        if self._looks < self._config.min_hits:
            return None
        hint = {"too_far": Hint.CLOSER, "too_near": Hint.STEP_BACK}.get(spoilt[0])
        hint = hint or hint_for(face.verdict.violations if face.verdict else (), face.pose)
        repeated = hint is self._last_hint
        if hint is None or now - self._hinted_at < (self._hint_gap_s if repeated else self._config.hint_every_s):
            return None
        gap = self._hint_gap_s * 2 if repeated else self._config.hint_every_s
        self._hint_gap_s = min(gap, max(_LONGEST_HINT_GAP_S, self._config.hint_every_s))
        self._last_hint, self._hinted_at = hint, now
        return Advice(self._number, hint, now, distance_m)

    def _worth_embedding(self, face: Face, now: float) -> bool:
        """Better than every shot so far; or, while a decision is open, another look after a while.

        Somebody who stands still gives looks of one quality: without the second rule three agreeing shots would
        never come together.
        """
        if not self.open:
            return False
        if self._best is None:
            return True
        if shot_quality(face) >= self._best.quality + self._config.improvement:
            return True
        if self._conclusion is Conclusion.UNKNOWN or self._embedded >= self._config.most_shots:
            return False
        return now - self._shots[-1].taken_at >= self._config.shot_gap_s

    def _conclude(self, now: float) -> Outcome | None:
        if not self.open:
            return None
        # By person, not by group: the same user may be in several of the groups that are searched.
        votes = Counter(shot.matches[0].user_id for shot in self._shots if shot.matches)
        strangers = sum(not shot.matches for shot in self._shots)
        if votes:
            (who, count), *others = votes.most_common()
            # A shot that names somebody else weighs double: two people in one track must not become one. Shots that
            # name nobody must not outnumber those that agree: who matches once in a while is not that person.
            needed = self._config.shots + 2 * sum(number for _, number in others)
            if count >= max(needed, strangers):
                return self._recognised(who, now)
        elif strangers >= self._config.shots and self._conclusion is not Conclusion.UNKNOWN:
            return self._outcome(Conclusion.UNKNOWN, now, reasons=self._reasons())
        if self._conclusion is None and (self._embedded >= self._config.most_shots or self._late(now)):
            why = "disagreement" if self._shots and (len(votes) > 1 or (votes and strangers)) else "few_looks"
            return self._outcome(Conclusion.UNDECIDED, now, reasons=self._reasons(why))
        return None

    def _late(self, now: float) -> bool:
        """Whether a decision is overdue. Time counts from the first look within the working distance: who comes from
        the far end of a corridor is decided on when they are there."""
        if self._near_since is None or self._looks < self._config.min_hits:
            return False
        return now - self._near_since >= self._config.decide_within_s

    def _recognised(self, who: str, now: float) -> Outcome:
        agreeing = [shot.matches[0] for shot in self._shots if shot.matches and shot.matches[0].user_id == who]
        best = max(agreeing, key=lambda match: match.score)
        mean = float(np.mean([match.score for match in agreeing]))
        return self._outcome(Conclusion.RECOGNISED, now, match=replace(best, score=mean))

    def _reasons(self, *first: str) -> tuple[str, ...]:
        return (*first, *(name for name, _ in self._spoilt.most_common(_MOST_REASONS)))

    def _outcome(
        self, conclusion: Conclusion, now: float, *, match: Match | None = None, reasons: tuple[str, ...] = ()
    ) -> Outcome:
        self._conclusion = conclusion
        best = self._best
        return Outcome(
            conclusion,
            track=self._number,
            face=best.face if best else self._face,
            shots=self._embedded,
            concluded_at=now,
            began_at=self._began_at,
            match=match,
            template=best.face.template if best else None,
            reasons=reasons,
            distance_m=self._distance_m,
        )
