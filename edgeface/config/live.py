"""The camera, the live loop, the profiles, the relay and the event log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from edgeface.config.section import Section, Share
from edgeface.types import QualityLevel


class CameraConfig(Section):
    """The camera and the process that reads it."""

    source: str = Field(
        "none",
        max_length=1024,
        description="none, picamera2[:INDEX], v4l2:/dev/videoN, rtsp://..., gstreamer:PIPELINE, file:VIDEO, "
        "folder:DIR or simulated:SCRIPT.toml.",
    )
    name: str = Field("camera", pattern=r"^[A-Za-z0-9_]{1,64}$", description="Name in events.")
    width: int = Field(1280, ge=160, le=6000, description="Pixels of the main picture (template).")
    height: int = Field(720, ge=120, le=4000, description="Pixels of the main picture (template).")
    detect_width: int = Field(
        640, ge=96, le=4000, description="Pixels of the small picture's longer side (detection)."
    )
    fps: float = Field(15.0, gt=0, le=120, description="Frames a second asked of the camera.")
    rotate: Literal[0, 90, 180, 270] = Field(0, description="Degrees clockwise by which pictures are turned.")
    mirror: bool = Field(
        False,
        description="Show the preview mirrored, as people expect of a screen before them. Recognition, its hints and "
        "stored templates always have the camera's own picture.",
    )
    pace: Literal["own", "fast"] = Field(
        "own", description="Files and folders: at their own pace, or as fast as they can be read."
    )
    loop: bool = Field(False, description="Files and folders: begin again at the end.")
    field_of_view_deg: float = Field(
        66.0, gt=5, lt=180, description="Horizontal field of view (Raspberry Pi Camera Module 3: 66; Module 2: 62)."
    )
    ring_slots: int = Field(3, ge=2, le=16, description="Frames in shared memory; the newest wins.")
    heartbeat_s: float = Field(
        3.0,
        gt=0.2,
        le=60,
        description="Seconds without a frame after which the camera process is restarted; at least three frame "
        "intervals.",
    )
    start_timeout_s: float = Field(20.0, gt=0.5, le=120, description="Seconds a camera gets for its first frame.")
    restarts: int = Field(5, ge=0, le=100, description="Restarts within restart_window_s, then it is given up.")
    restart_window_s: float = Field(60.0, gt=1, le=3600, description="See restarts (Frigate's watchdog: 5 in 60 s).")
    retry_s: float = Field(
        60.0, gt=1, le=3600, description="Seconds after which a camera that was given up is tried again."
    )
    preview: bool = Field(False, description="Offer snapshot and MJPEG to admins.")


class LiveConfig(Section):
    """From frames to decisions."""

    profile: Literal["none", "attendance", "door", "kiosk"] = Field("none", description="What decisions are for.")
    groups: tuple[str, ...] = Field((), description="Groups that are searched; empty: every group but the register.")
    liveness: Literal["required", "none"] = Field(
        "required",
        description="Whether a shot counts only if it looks like a living face. On a pack without a liveness model "
        "the door profile does not start until this says none; other profiles then go on without.",
    )
    liveness_level: Literal[QualityLevel.LOW, QualityLevel.NORMAL, QualityLevel.HIGH] = Field(
        QualityLevel.NORMAL,
        description="How sure that must be: LOW, NORMAL or HIGH refuse one living face of 10,000, 1,000 or 100 "
        "(Baidu v3 faceverify, thresholds; the pack's own measurements).",
    )
    gate: QualityLevel = Field(QualityLevel.NORMAL, description="Level of the quality gate for each shot.")
    max_faces: int = Field(10, ge=1, le=10, description="Faces followed at once.")
    detect_size: int = Field(320, ge=96, le=1280, description="Longer side of the detector's input, multiple of 32.")
    track_iou: Share = Field(0.3, description="IoU from which a box continues a track (SORT, Bewley 2016: 0.3).")
    track_similarity: float = Field(
        0.45,
        ge=0,
        le=1,
        description="Cosine from which a face that jumped is still the same track. Not an identity decision.",
    )
    track_lost_s: float = Field(1.0, gt=0, le=30, description="Seconds without a face after which a track ends.")
    min_hits: int = Field(2, ge=1, le=30, description="Frames with a face before a track counts (a false find).")
    improvement: Share = Field(
        0.05, description="By how much a shot's quality must exceed the best embedded one's to be embedded at once."
    )
    shot_gap_s: float = Field(
        0.15, ge=0, le=10, description="Seconds between embedded shots of a face that does not get better."
    )
    shots: int = Field(3, ge=1, le=10, description="Agreeing shots that make a decision.")
    most_shots: int = Field(
        7,
        ge=1,
        le=30,
        description="Embedded shots after which a track is undecided; the latest so many are what decides.",
    )
    decide_within_s: float = Field(
        6.0,
        gt=0,
        le=120,
        description="Seconds within the working distance after which a track that is not decided is reported with "
        "its reason; better looks may still decide it.",
    )
    hint_every_s: float = Field(
        1.0, gt=0, le=60, description="Seconds between hints about one track; the same one again ever more seldom."
    )
    frame_budget_ms: float = Field(
        66.0, gt=1, le=5000, description="Time a frame may take; detection is spaced out when it takes longer."
    )
    most_interval: int = Field(6, ge=1, le=60, description="Detection at least every so many frames.")
    min_distance_m: float = Field(0.0, ge=0, le=50, description="Metres; nearer faces get the hint to step back.")
    max_distance_m: float = Field(
        3.0, gt=0, le=50, description="Metres; farther faces are not decided on, with the hint to come closer."
    )


class AccessRule(Section):
    """Who may pass, and when: one ``[[door.rules]]`` table each. Nobody passes without a rule."""

    group: str = Field(pattern=r"^[A-Za-z0-9_]{1,128}$", description="Gallery group.")
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), description="Weekdays, local time."
    )
    start: str = Field("00:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Local time from which it holds.")
    end: str = Field(
        "24:00",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$",
        description="Local time until which it holds; before start: over midnight.",
    )


class DoorConfig(Section):
    """A door: one face, liveness AND match AND quality AND a rule."""

    name: str = Field("door", pattern=r"^[A-Za-z0-9_]{1,64}$", description="Name in events.")
    rules: tuple[AccessRule, ...] = Field((), description="Access rules; none: the door stays shut.")
    reopen_after_s: float = Field(
        3.0, ge=0, le=600, description="Seconds in which the same person is not answered again."
    )
    failures: int = Field(5, ge=1, le=100, description="Refused faces within failure_window_s that lock the door.")
    failure_window_s: float = Field(60.0, gt=0, le=3600, description="See failures.")
    lockout_s: float = Field(120.0, gt=0, le=86400, description="Seconds of a lockout; kept across restarts.")


class RelayConfig(Section):
    """The relay that opens the door, through the kernel's GPIO character device."""

    enabled: bool = Field(False, description="Drive a relay.")
    chip: Path = Field(Path("/dev/gpiochip0"), description="GPIO chip (Raspberry Pi 5 with old kernels: gpiochip4).")
    line: int = Field(17, ge=0, le=1023, description="Line (BCM number on a Raspberry Pi).")
    active_low: bool = Field(False, description="The relay board switches on at 0.")
    pulse_s: float = Field(3.0, gt=0.05, le=60, description="Seconds that the relay stays on.")
    expires_s: float = Field(
        2.0, gt=0.1, le=60, description="A decision older than this does not move the relay any more."
    )


class AttendanceConfig(Section):
    """A gate that writes down who came and went."""

    direction: Literal["in", "out", "both"] = Field("both", description="What a passage means here; both: alternate.")
    debounce_s: float = Field(
        60.0, ge=0, le=86400, description="Seconds in which the same person's next read is the same passage."
    )
    day_starts: str = Field(
        "00:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Local time at which a working day begins."
    )
    longest_h: float = Field(
        16.0,
        gt=0,
        le=48,
        description="Hours beyond which an in and the next out are not taken for one stay (EU 2003/88/EC leaves 13 a "
        "day): one of the two was forgotten.",
    )


class KioskConfig(Section):
    """A kiosk: the largest face, and quick feedback."""

    greet_after_s: float = Field(10.0, ge=0, le=3600, description="Seconds in which a person is not greeted again.")
    enrol: bool = Field(True, description="Enrolment from the camera.")
    enrol_group: str = Field("kiosk", pattern=r"^[A-Za-z0-9_]{1,128}$", description="Group of enrolments.")


class EventsConfig(Section):
    """The event log."""

    keep_days: float = Field(90.0, gt=0, le=3660, description="Days after which events are removed.")
    most: int = Field(1_000_000, ge=1000, description="Events kept at most; the oldest go.")
    most_hints: int = Field(10_000, ge=100, description="Hints kept at most; the oldest go.")
    flush_s: float = Field(
        5.0,
        ge=0,
        le=300,
        description="Seconds after which hints are written together (SD card); decisions are written at once.",
    )
    stream_queue: int = Field(256, ge=8, le=100_000, description="Events a slow reader of the live stream may lag.")
    trust_clock: Literal["network", "rtc", "always"] = Field(
        "rtc",
        description="When wall time is believed: only while a time server sets it; also when it came from a hardware "
        "clock; or always, because somebody looks after it.",
    )
