"""One frame after another: find, follow, judge, decide. Everything that waits or stores is handed in."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from edgeface.analysis import Wants
from edgeface.capture.frame import Frame
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import NewEvent
from edgeface.live.distance import distance_m
from edgeface.live.outcome import Advice, Outcome
from edgeface.live.pace import Pace
from edgeface.live.policy.policy import Policy, Scene
from edgeface.live.policy.setting import liveness_level
from edgeface.live.recogniser import Recogniser
from edgeface.live.searching import GroupSearch
from edgeface.live.tracker import Track, Tracker
from edgeface.live.waiting import Look, WaitingRoom
from edgeface.telemetry import Telemetry, timed
from edgeface.types import BoundingBox, Face, FaceOrder, ImageArray, Match, Template

Tell = Callable[[NewEvent], object]
"""Writes an event down."""
WallClock = Callable[[], tuple[datetime, bool]]
"""Local time with its zone, and whether it can be trusted."""


log = logging.getLogger(__name__)


class LiveLoop:
    """The state between frames. One thread calls :meth:`step`; :attr:`waiting` may be used from any."""

    def __init__(
        self,
        engine: Engine,
        policy: Policy,
        *,
        tell: Tell,
        wall_clock: WallClock,
        alive: Callable[[], bool],
        telemetry: Telemetry,
    ) -> None:
        """``alive``: whether the camera delivers frames; asked by those who wait for one."""
        self._engine = engine
        self._tell = tell
        self._wall_clock = wall_clock
        self._telemetry = telemetry
        self.waiting = WaitingRoom(alive)
        self.frames = 0
        self.looked_at = 0
        self.told: Counter[str] = Counter()
        """Events written, by kind; and ``unwritten`` ones."""
        self._counting = threading.Lock()
        self.reconfigure(engine.config, policy)

    def reconfigure(self, config: Config, policy: Policy) -> None:
        """Take over thresholds and policy; tracks begin anew. The camera goes on."""
        live = config.live
        self._config = config
        self._policy = policy
        self._pace = Pace(budget_s=live.frame_budget_ms / 1000, most_interval=live.most_interval)
        self._tracker = Tracker(least_iou=live.track_iou, lost_s=live.track_lost_s)
        self._recognisers: dict[int, Recogniser] = {}
        self._search = GroupSearch(self._engine, live.groups)
        self.liveness = liveness_level(config, self._engine.analyzer.features)
        """How sure it must be that each shot is of a living face."""

    @property
    def interval(self) -> int:
        """Detection at every so many frames."""
        return self._pace.interval

    @property
    def tracks(self) -> int:
        """Tracks that are followed."""
        return len(self._recognisers)

    def step(self, frame: Frame) -> None:
        """One frame. A failure of the gallery or a model is raised; the next frame goes on from here all the same."""
        self.frames += 1
        if not self._pace.due():
            return
        began = time.perf_counter()
        self.looked_at += 1
        try:
            with timed(self._telemetry, "live_find"):
                faces = self._find(frame)
            self._follow(frame, faces)
        finally:
            seconds = time.perf_counter() - began
            self._telemetry.stage("live_frame", seconds)
            self._pace.spent(seconds)

    def interrupt(self, now: float) -> None:
        """No more frames for now: whoever was followed is not any more. ``now``: monotonic seconds."""
        self._end(self._tracker.clear(), now)

    # ------------------------------------------------------------------ inside

    def _follow(self, frame: Frame, faces: Sequence[Face]) -> None:
        now = frame.captured_at
        following = self._tracker.update(faces, now)
        for track in following.seen:
            if track.number not in self._recognisers:
                self._recognisers[track.number] = Recogniser(self._config.live, track)
        self._end(following.ended, now)
        largest = max(self._counted(following.seen), key=lambda track: track.face.box.area, default=None)
        number = largest.number if largest else 0
        for track in self._counted(following.seen):
            number = self._look(track, frame, number)
        self._write(self._policy.on_scene(self._scene(now, number)))

    def _counted(self, tracks: Sequence[Track]) -> list[Track]:
        """Tracks that are people, not passing finds."""
        return [track for track in tracks if track.hits >= self._config.live.min_hits]

    def _end(self, ended: Sequence[Track], now: float) -> None:
        for track in ended:
            recogniser = self._recognisers.pop(track.number, None)
            outcome = recogniser.end(now) if recogniser else None
            if outcome is not None:
                self._told(outcome, self._scene(now, 0))

    def _find(self, frame: Frame) -> tuple[Face, ...]:
        live = self._config.live
        found = self._engine.analyzer.analyze(
            frame.small,
            Wants(),
            max_faces=live.max_faces,
            order=FaceOrder.LARGEST,
            turned=False,
            input_size=live.detect_size,
        )
        factor = frame.image.shape[1] / frame.small.shape[1]
        return found if factor == 1 else tuple(_scaled(face, factor) for face in found)

    def _look(self, track: Track, frame: Frame, largest: int) -> int:
        """One look at a face, and what there is to tell of it; the number of the largest face's track now."""
        recogniser = self._recognisers[track.number]
        wanted = len(self.waiting) > 0 and track.number == largest
        if not recogniser.open and not wanted:
            return largest
        config, now = self._config, frame.captured_at
        with timed(self._telemetry, "live_judge"):
            (face,) = self._engine.analyzer.describe(
                frame.image,
                [track.face],
                Wants(quality=True, pose=True),
                level=config.live.gate,
                liveness=self.liveness,
            )
        assert face.quality is not None  # noqa: S101 - it was asked for
        far = distance_m(
            face.quality.interocular_distance,
            frame_width=frame.image.shape[1],
            field_of_view_deg=config.camera.field_of_view_deg,
            pose=face.pose,
        )
        embed = self._embedder(frame.image)
        if wanted:
            self.waiting.offer(Look(face, self._scene(now, largest).people, now, far, embed))
        if not recogniser.open:
            return largest
        fresh = recogniser.last_template is None
        told = recogniser.look(face, now, distance_m=far, embed=embed, search=self._search)
        if fresh and recogniser.last_template is not None and (earlier := self._rejoined(track, recogniser)):
            number, firmer = earlier
            # What the track that this one turned out to be has told already is not told again.
            told = tuple(replace(item, track=number) for item in told if firmer or isinstance(item, Advice))
            largest = number if largest == track.number else largest
        for item in told:
            self._told(item, self._scene(now, largest))
        return largest

    def _embedder(self, image: ImageArray) -> Callable[[Face], Template]:
        def embed(face: Face) -> Template:
            with timed(self._telemetry, "live_embed"):
                (described,) = self._engine.analyzer.describe(image, [face], Wants(template=True))
            assert described.template is not None  # noqa: S101 - it was asked for
            return described.template

        return embed

    def _rejoined(self, track: Track, recogniser: Recogniser) -> tuple[int, bool] | None:
        """A face that jumped is known by its template: its new track becomes the old one. That one's number, and
        whether it is concluded more firmly now than before."""
        mine = recogniser.last_template
        for lost in self._tracker.coasting:
            other = self._recognisers.get(lost.number)
            theirs = other.last_template if other else None
            if other is None or mine is None or theirs is None:
                continue
            if float(np.dot(mine.vector, theirs.vector)) >= self._config.live.track_similarity:
                concluded = other.conclusion
                self._tracker.join(lost.number, track.number)
                other.absorb(recogniser)
                del self._recognisers[track.number]
                return lost.number, other.conclusion is not concluded
        return None

    def _scene(self, now: float, largest: int) -> Scene:
        local, trusted = self._wall_clock()
        # Also those whose face was not found in this very frame: who looks away for a moment is still there.
        present = self._counted(self._tracker.tracks)
        return Scene(
            now=now,
            local=local,
            clock_trusted=trusted,
            tracks=frozenset(track.number for track in present),
            largest=largest,
        )

    def _told(self, conclusion: Outcome | Advice, scene: Scene) -> None:
        if isinstance(conclusion, Advice):
            self._write(self._policy.on_advice(conclusion, scene))
        elif self._still_enrolled(conclusion.match):
            self._write(self._policy.on_outcome(conclusion, scene))

    def _still_enrolled(self, match: Match | None) -> bool:
        """Whoever was erased while standing before the camera is not written down any more."""
        if match is None:
            return True
        try:
            return bool(self._engine.gallery.user(match.group_id, match.user_id))
        except EdgeFaceError as error:
            if error.code in (ErrorCode.USER_NOT_FOUND, ErrorCode.GROUP_NOT_FOUND):
                return False
            raise

    def _write(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            self.write(event)

    def write(self, event: NewEvent) -> None:
        """Write an event down; from any thread, and without raising where it cannot be written.

        What cannot be written has not happened: a door event that is not in the log moves nothing.
        """
        try:
            self._tell(event)
        except EdgeFaceError as error:
            self._count("unwritten")
            self._telemetry.rejected(f"event_{error.code.code}")
            log.error("event not written", extra={"fields": {"kind": event.kind.value, "error": error.code.code}})
        else:
            self._count(event.kind.value)

    def _count(self, name: str) -> None:
        with self._counting:
            self.told[name] += 1


def _scaled(face: Face, factor: float) -> Face:
    box = face.box
    return replace(
        face,
        box=BoundingBox(box.left * factor, box.top * factor, box.width * factor, box.height * factor, box.rotation),
        points=(face.points * np.float32(factor)).astype(np.float32),
    )
