"""The whole configuration."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from edgeface.config.analysis import DecisionConfig, DetectionConfig, ImageLimits, ModelsConfig, QualityConfig
from edgeface.config.gallery import GalleryConfig, RegisterConfig, TokensConfig
from edgeface.config.live import (
    AttendanceConfig,
    CameraConfig,
    DoorConfig,
    EventsConfig,
    KioskConfig,
    LiveConfig,
    RelayConfig,
)
from edgeface.config.section import Section
from edgeface.config.server import FetchConfig, Keys, LogConfig, ServerConfig, TcpConfig

DEFAULT_STATE_DIR = Path("/var/lib/edgeface")


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
