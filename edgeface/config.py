"""The configuration: one schema for the TOML file and the environment.

Every field carries its unit, range, default and source in its description; ``docs/configuration.md`` is
generated from this schema. Nothing is read at import: call :func:`load_config`.

Precedence, lowest first: defaults, the TOML file, ``EDGEFACE_<SECTION>__<FIELD>`` environment variables
(``EDGEFACE_SERVER__SOCKET=/tmp/e.sock``), and ``EDGEFACE_MODEL_PACK`` for the pack's folder.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FaceOrder, QualityLevel

if sys.version_info >= (3, 11):
    import tomllib
else:  # JetPack 6 has Python 3.10
    import tomli as tomllib

DEFAULT_CONFIG_FILE = Path("/etc/edgeface/edgeface.toml")
DEFAULT_STATE_DIR = Path("/var/lib/edgeface")
DEFAULT_SOCKET = Path("/run/edgeface/edgeface.sock")

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Degrees = Annotated[float, Field(gt=0.0, le=180.0)]
Luma = Annotated[float, Field(ge=0.0, le=255.0)]


class Section(BaseModel):
    """A section: unknown keys are refused, values do not change after loading."""

    # A wrong value may be a secret: messages name the field only.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ImageLimits(Section):
    """What a picture may be before it is decoded."""

    max_bytes: int = Field(
        10 * 1024 * 1024,
        ge=1024,
        description="Largest encoded image, bytes. Baidu v3: total data below 10M.",
    )
    max_width: int = Field(6000, ge=32, description="Pixels, longer side (CloudWalk 2.11: 6000 x 4000).")
    max_height: int = Field(4000, ge=32, description="Pixels, shorter side (CloudWalk 2.11: 6000 x 4000).")
    min_side: int = Field(24, ge=1, description="Pixels; a smaller picture cannot hold a 24-pixel face.")


class DetectionConfig(Section):
    """Finding faces."""

    input_size: int = Field(
        640,
        ge=96,
        le=4096,
        description="Pixels, multiple of 32: longer side of the detector's input; larger pictures are scaled "
        "down to it, smaller ones are not scaled up.",
    )
    score_threshold: float | None = Field(
        None, gt=0.0, lt=1.0, description="Face probability from which a box counts; default: the pack's."
    )
    nms_iou: Share | None = Field(None, description="IoU above which two boxes are one; default: the pack's.")
    max_faces: int = Field(10, ge=1, le=100, description="Most faces per picture (Baidu v3: at most 10).")
    order: FaceOrder = Field(FaceOrder.LARGEST, description="First face: largest or central (Baidu v4).")
    turned: bool = Field(
        True,
        description="Find faces turned by 90, 180 and 270 degrees too (CloudWalk 2.2.4): look in all directions "
        "when no upright face is found, and again at faces that the detector is not sure of.",
    )
    min_face: int = Field(24, ge=8, description="Pixels, shorter side of the smallest face reported.")


class QualityThresholds(Section):
    """One level of the gate. A missing threshold is not checked."""

    occlusion_left_eye: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_right_eye: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_nose: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_mouth: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_left_cheek: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_right_cheek: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_chin: Share | None = Field(None, description="Covered share must be below this.")
    blur: Share | None = Field(None, description="Must be below this; 0 sharp, 1 blurred.")
    illumination_min: Luma | None = Field(None, description="Mean Y of the face must be above this.")
    illumination_max: Luma | None = Field(None, description="Mean Y of the face must be below this.")
    yaw: Degrees | None = Field(None, description="Degrees; the angle's size must be below this.")
    pitch: Degrees | None = Field(None, description="Degrees; the angle's size must be below this.")
    roll: Degrees | None = Field(None, description="Degrees; the angle's size must be below this.")
    face_size: float | None = Field(None, gt=0, description="Pixels; width and height at least this.")
    interocular_distance: float | None = Field(None, gt=0, description="Pixels; at least this.")
    complete: bool = Field(False, description="The face must lie wholly inside the picture.")


# Baidu v3 quality table: occlusion eyes .6, nose .7, mouth .7, cheeks .8, chin .6; blur < .7;
# illumination > 40; each angle < 20 degrees; face at least 100 x 100; completeness 1.
_NORMAL = QualityThresholds(
    occlusion_left_eye=0.6,
    occlusion_right_eye=0.6,
    occlusion_nose=0.7,
    occlusion_mouth=0.7,
    occlusion_left_cheek=0.8,
    occlusion_right_cheek=0.8,
    occlusion_chin=0.6,
    blur=0.7,
    illumination_min=40,
    yaw=20,
    pitch=20,
    roll=20,
    face_size=100,
    complete=True,
)
# Baidu capture SDK, profile "loose": occlusion .8, blur .8, illumination 30 to 240, 20 degrees. Its size limit is
# the offline SDK's smallest face (30 px), its angle the offline SDK's (30 degrees), because the cloud's LOW is
# "lower requirements" than NORMAL, whose angle is already 20.
_LOW = QualityThresholds(
    occlusion_left_eye=0.8,
    occlusion_right_eye=0.8,
    occlusion_nose=0.8,
    occlusion_mouth=0.8,
    occlusion_left_cheek=0.8,
    occlusion_right_cheek=0.8,
    occlusion_chin=0.8,
    blur=0.8,
    illumination_min=30,
    illumination_max=240,
    yaw=30,
    pitch=30,
    roll=30,
    face_size=30,
    complete=False,
)
# Baidu capture SDK, profile "strict": blur .4, illumination 60 to 200, yaw 18 degrees; the occlusion of NORMAL
# (stricter than the SDK's uniform .8, a level may not be looser than the one below it).
_HIGH = QualityThresholds(
    occlusion_left_eye=0.6,
    occlusion_right_eye=0.6,
    occlusion_nose=0.7,
    occlusion_mouth=0.7,
    occlusion_left_cheek=0.8,
    occlusion_right_cheek=0.8,
    occlusion_chin=0.6,
    blur=0.4,
    illumination_min=60,
    illumination_max=200,
    yaw=18,
    pitch=18,
    roll=18,
    face_size=100,
    interocular_distance=40,
    complete=True,
)


class QualityConfig(Section):
    """The quality gate's levels."""

    enrol_level: QualityLevel = Field(
        QualityLevel.NORMAL, description="Level for enrolment when the call names none."
    )
    probe_level: QualityLevel = Field(
        QualityLevel.NONE, description="Level for probes when the call names none (Baidu v3: NONE)."
    )
    low: QualityThresholds = _LOW
    normal: QualityThresholds = _NORMAL
    high: QualityThresholds = _HIGH
    custom: QualityThresholds = Field(_NORMAL, description="Thresholds of level CUSTOM, for a site's own limits.")

    def thresholds(self, level: QualityLevel) -> QualityThresholds:
        """The thresholds of a level; NONE checks nothing."""
        table = {
            QualityLevel.NONE: QualityThresholds(),
            QualityLevel.LOW: self.low,
            QualityLevel.NORMAL: self.normal,
            QualityLevel.HIGH: self.high,
            QualityLevel.CUSTOM: self.custom,
        }
        return table[level]


class DecisionConfig(Section):
    """Where similarity becomes a decision. Always an FMR, never a bare cosine."""

    fmr: float = Field(
        1e-4, gt=0.0, le=0.1, description="FMR at which two faces are one person (documented score 80: 1e-4)."
    )
    duplicate_similarity: float = Field(
        0.98,
        gt=0.0,
        le=1.0,
        description="Cosine from which an added face is 'almost identical' to one the user has "
        "(Tencent 1.0: adding nearly the same face is an error). Not an identity decision.",
    )


class GalleryLimits(Section):
    """Documented limits of the gallery."""

    max_groups: int = Field(5000, ge=1, description="Groups (Tencent 1.0: 5000).")
    max_users_per_group: int = Field(20000, ge=1, description="Users in a group (Tencent 1.0: 20,000).")
    max_faces_per_user: int = Field(20, ge=1, description="Faces of a user in a group (Baidu v3, Tencent: 20).")
    max_user_info_bytes: int = Field(256, ge=0, description="Bytes of UTF-8 (Baidu v3: 256B).")
    max_groups_per_search: int = Field(10, ge=1, description="Groups searched at once (Baidu v3: 10).")
    max_top: int = Field(50, ge=1, description="Users returned at most (Baidu v3 max_user_num: 50).")
    max_page: int = Field(1000, ge=1, description="Rows of one page of a list (Baidu v3 length: 1000).")


class IndexConfig(Section):
    """Search. The index is disposable; SQLite is the truth."""

    exact_up_to: int = Field(
        20000,
        ge=0,
        description="Templates in a group up to which it is scanned exactly; above, HNSW with exact re-rank "
        "(field notes: exact is right below about 10-20 thousand).",
    )
    m: int = Field(24, ge=4, le=64, description="HNSW links per node.")
    ef_construction: int = Field(200, ge=16, le=2000, description="HNSW candidates while building.")
    ef_search: int = Field(200, ge=16, le=4000, description="HNSW candidates while searching (>= 200).")
    audit_every: int = Field(
        200, ge=0, description="Every so many HNSW searches, compare with the exact scan (0: never)."
    )


class GalleryConfig(Section):
    """The gallery's place and key."""

    key_file: Path | None = Field(
        None,
        description="File with 32 random bytes (mode 0600); default: $CREDENTIALS_DIRECTORY/edgeface.key, "
        "else gallery.key in the state directory, made at first start.",
    )
    limits: GalleryLimits = GalleryLimits()
    index: IndexConfig = IndexConfig()


class ModelsConfig(Section):
    """The active model pack."""

    pack: Path | None = Field(None, description="Folder of the pack; default: the pack that came with EdgeFace.")
    precision: Literal["auto", "fp32", "int8"] = Field(
        "auto",
        description="auto: a micro-benchmark on this machine picks per model (INT8 is slower than FP32 on "
        "CPUs without dot product); its result is cached in the state directory.",
    )
    threads: int = Field(1, ge=1, le=64, description="ONNX Runtime intra-op threads per session.")


class ServerConfig(Section):
    """The socket."""

    socket: Path = Field(DEFAULT_SOCKET, description="Path of the Unix socket; systemd's socket wins.")
    socket_mode: int = Field(0o660, ge=0, le=0o777, description="Mode of the socket.")
    socket_group: str | None = Field("edgeface", description="Group that owns the socket, where it exists.")
    admin_groups: tuple[str, ...] = Field(
        ("edgeface-admin",), description="System groups whose members are admins; root and our own uid are."
    )
    matcher_groups: tuple[str, ...] = Field(("edgeface",), description="System groups that may match.")
    other_peers: Literal["observer", "matcher", "admin", "none"] = Field(
        "none", description="Role of any other peer that can open the socket."
    )
    workers: int = Field(2, ge=1, le=64, description="Calls computed at once.")
    queue: int = Field(16, ge=0, le=1024, description="Calls that may wait; further ones get 503.")
    deadline_s: float = Field(10.0, gt=0, le=600, description="Seconds a call may take, waiting included.")
    max_request_bytes: int = Field(
        21 * 1024 * 1024, ge=1024, description="Largest request body, bytes (two 10M images)."
    )
    max_archive_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Largest archive to import, bytes (a million templates are about 1.2 GB)."
    )
    body_timeout_s: float = Field(15.0, gt=0, le=600, description="Seconds within which a body must arrive.")
    grace_s: float = Field(5.0, ge=0, le=120, description="Seconds that running calls get at a stop.")


class TokensConfig(Section):
    """Face tokens of pictures that were looked at but not enrolled. Kept in memory only, never a picture."""

    remember_s: float = Field(
        3600.0,
        ge=0,
        le=86400,
        description="Seconds for which the token of a detected face can be searched and enrolled; 0: not at all.",
    )
    most: int = Field(1000, ge=1, le=100_000, description="Faces remembered at most (3 KB each); the oldest go.")


class FetchConfig(Section):
    """Pictures by URL. Off: nothing leaves the device unless configured."""

    enabled: bool = Field(False, description="Fetch pictures that a vendor call names by URL.")
    hosts: tuple[str, ...] = Field(
        (),
        description="Host names that may be fetched from (exact, or .example.org for a domain); empty: any host "
        "that is not this device or its local network.",
    )
    timeout_s: float = Field(5.0, gt=0, le=60, description="Seconds for one picture, redirects included.")


class TcpConfig(Section):
    """The optional TCP listener, for cloud clients that cannot speak to a Unix socket."""

    enabled: bool = Field(False, description="Listen on TCP too.")
    host: str = Field(
        "127.0.0.1",
        description="IP address to listen on, or localhost; any other than loopback only with TLS.",
    )
    port: int = Field(8443, ge=0, le=65535, description="Port; 0: any free one (the log says which).")
    tls: bool = Field(True, description="Speak TLS.")
    certificate: Path | None = Field(
        None, description="PEM certificate chain; default: a self-made one in the state directory."
    )
    private_key: Path | None = Field(None, description="PEM private key of the certificate.")
    anonymous: Literal["none", "observer", "matcher", "admin"] = Field(
        "none", description="Role of a caller without any key (CloudWalk 2.1: app_id may be left out)."
    )
    clock_skew_s: float = Field(
        300.0,
        ge=0,
        le=86_400,
        description="Seconds by which a signing caller's clock may differ from the device's (Tencent: 5 minutes).",
    )

    @field_validator("host")
    @classmethod
    def _is_an_address(cls, host: str) -> str:
        # Names are not looked up: what a name means may change, and loopback has to be certain.
        if host != "localhost":
            ipaddress.ip_address(host)
        return host

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> TcpConfig:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key belong together")
        return self


class KeyConfig(Section):
    """One application's key pair, as a cloud console hands it out: one ``[[keys]]`` table each."""

    app_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._\-]{0,128}$",
        description="Application id (Baidu APP_ID; Tencent appid, which Tencent's calls need): letters, digits, "
        "`.`, `_`, `-`. One application may have several keys.",
    )
    key: str = Field(
        pattern=r"^[A-Za-z0-9._\-]{1,128}$",
        description="API key (Baidu AK, Tencent SecretId, CloudWalk app_id): 1 to 128 letters, digits, `.`, `_`, "
        "`-`; unique.",
    )
    secret: SecretStr = Field(
        min_length=8,
        max_length=256,
        description="Secret (Baidu SK, Tencent SecretKey, CloudWalk app_secret); `openssl rand -hex 32` makes one.",
    )
    role: Literal["observer", "matcher", "admin"] = Field("matcher", description="What the key may do.")
    qps: float | None = Field(
        None, gt=0, le=10_000, description="Calls in a second (Baidu error 18); default: no limit."
    )
    per_day: int | None = Field(None, ge=1, description="Calls on a UTC day (Baidu error 17); default: no limit.")
    total: int | None = Field(None, ge=1, description="Calls in all (Baidu error 19); default: no limit.")


def _each_key_once(keys: tuple[KeyConfig, ...]) -> tuple[KeyConfig, ...]:
    if len({key.key for key in keys}) != len(keys):
        raise ValueError("a key stands there twice")
    return keys


Keys = Annotated[tuple[KeyConfig, ...], AfterValidator(_each_key_once)]


class KeysFile(Section):
    """What ``keys_file`` holds: ``[[keys]]`` tables and nothing else."""

    keys: Keys = ()


class RegisterConfig(Section):
    """The local register of ID photographs, which answers what the cloud asks a police database."""

    group: str = Field(
        "id_register", pattern=r"^[A-Za-z0-9_]{1,128}$", description="Gallery group that holds the register."
    )


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
        description="Whether a decision needs a liveness model; a pack without one refuses to start the door "
        "profile until this says none.",
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


class LogConfig(Section):
    """Logging."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level written.")


class Config(Section):
    """The whole configuration."""

    state_dir: Path = Field(DEFAULT_STATE_DIR, description="Gallery, key, index and caches live here.")
    image: ImageLimits = ImageLimits()
    detection: DetectionConfig = DetectionConfig()
    quality: QualityConfig = QualityConfig()
    decision: DecisionConfig = DecisionConfig()
    gallery: GalleryConfig = GalleryConfig()
    models: ModelsConfig = ModelsConfig()
    server: ServerConfig = ServerConfig()
    tcp: TcpConfig = TcpConfig()
    keys: Keys = Field((), description="Key pairs of applications that call over TCP.")
    keys_file: Path | None = Field(
        None,
        description="TOML file (mode 0600) with further `[[keys]]` tables, so that secrets stay out of a file that "
        "everybody may read. Only the daemon opens it.",
    )
    tokens: TokensConfig = TokensConfig()
    fetch: FetchConfig = FetchConfig()
    id_register: RegisterConfig = RegisterConfig()
    camera: CameraConfig = CameraConfig()
    live: LiveConfig = LiveConfig()
    attendance: AttendanceConfig = AttendanceConfig()
    door: DoorConfig = DoorConfig()
    relay: RelayConfig = RelayConfig()
    kiosk: KioskConfig = KioskConfig()
    events: EventsConfig = EventsConfig()
    log: LogConfig = LogConfig()


def load_config(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the TOML file (if given or at its default place) and the environment.

    Raises ``CONFIG_INVALID`` naming each wrong field.
    """
    environ = os.environ if environ is None else environ
    named = file or (Path(environ["EDGEFACE_CONFIG"]) if environ.get("EDGEFACE_CONFIG") else None)
    path = named or DEFAULT_CONFIG_FILE
    data: dict[str, Any] = {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if named:
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{path} does not exist.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if named or not isinstance(error, PermissionError):
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{path}: {error}") from error
    _overlay_environment(data, environ)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        fields = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, fields) from error


def _overlay_environment(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    if pack := environ.get("EDGEFACE_MODEL_PACK"):
        data.setdefault("models", {})["pack"] = pack
    if state := environ.get("EDGEFACE_STATE_DIR"):
        data["state_dir"] = state
    for name, value in sorted(environ.items(), key=_table_order):
        if not name.startswith("EDGEFACE_") or "__" not in name:
            continue
        _place(data, name, name.removeprefix("EDGEFACE_").lower().split("__"), value)


def _table_order(item: tuple[str, str]) -> list[tuple[int, str]]:
    # Numbers as numbers, so that table 10 comes after table 9.
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in item[0].split("__")]


def _place(data: dict[str, Any], name: str, path: list[str], value: str) -> None:
    """Put a variable's value where its name says; a number in the name is a place in a list of tables."""
    node: Any = data
    for part, following in zip(path, [*path[1:], None], strict=True):
        last = following is None
        fresh: Any = value if following is None else [] if following.isdecimal() else {}
        if isinstance(node, dict):
            if last:
                node[part] = value
            node = node.setdefault(part, fresh)
        elif isinstance(node, list) and part.isdecimal() and int(part) <= len(node):
            place = int(part)
            if place == len(node):
                node.append(fresh)
            elif last:
                node[place] = value
            node = node[place]
        else:
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{name} names no section, or leaves out a number.")
