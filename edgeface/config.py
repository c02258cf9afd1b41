"""The configuration: one schema for the TOML file and the environment.

Every field carries its unit, range, default and source in its description; ``docs/configuration.md`` is
generated from this schema. Nothing is read at import: call :func:`load_config`.

Precedence, lowest first: defaults, the TOML file, ``EDGEFACE_<SECTION>__<FIELD>`` environment variables
(``EDGEFACE_SERVER__SOCKET=/tmp/e.sock``), and ``EDGEFACE_MODEL_PACK`` for the pack's folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

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

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless configured otherwise.")
    port: int = Field(8443, ge=0, le=65535, description="Port; 0: any free one (the log says which).")
    tls: bool = Field(True, description="Speak TLS.")
    certificate: Path | None = Field(
        None, description="PEM certificate chain; default: a self-made one in the state directory."
    )
    private_key: Path | None = Field(None, description="PEM private key of the certificate.")
    anonymous: Literal["none", "observer", "matcher", "admin"] = Field(
        "none", description="Role of a caller without any key (CloudWalk 2.1: app_id may be left out)."
    )


class KeyConfig(Section):
    """One application's key pair, as a cloud console hands it out: one ``[[keys]]`` table each."""

    app_id: str = Field("", max_length=128, description="Application id (Baidu APP_ID, Tencent appid).")
    key: str = Field(min_length=1, max_length=128, description="API key (Baidu AK, Tencent SecretId).")
    secret: str = Field(min_length=8, max_length=256, description="Secret (Baidu SK, Tencent SecretKey).")
    role: Literal["observer", "matcher", "admin"] = Field("matcher", description="What the key may do.")
    qps: float | None = Field(None, gt=0, description="Calls in a second (Baidu error 18); default: no limit.")
    per_day: int | None = Field(None, ge=1, description="Calls on a UTC day (Baidu error 17); default: no limit.")
    total: int | None = Field(None, ge=1, description="Calls in all (Baidu error 19); default: no limit.")


class RegisterConfig(Section):
    """The local register of ID photographs, which answers what the cloud asks a police database."""

    group: str = Field(
        "id_register", pattern=r"^[A-Za-z0-9_]{1,128}$", description="Gallery group that holds the register."
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
    keys: tuple[KeyConfig, ...] = Field((), description="Key pairs of applications that call over TCP.")
    tokens: TokensConfig = TokensConfig()
    fetch: FetchConfig = FetchConfig()
    id_register: RegisterConfig = RegisterConfig()
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
    for name, value in environ.items():
        if not name.startswith("EDGEFACE_") or "__" not in name:
            continue
        *sections, field = name.removeprefix("EDGEFACE_").lower().split("__")
        node = data
        for section in sections:
            node = node.setdefault(section, {})
        node[field] = value
