"""The configuration: one schema for the TOML file and the environment.

Every field carries its unit, range, default and source in its description; ``docs/configuration.md`` is
generated from this schema. Nothing is read at import: call :func:`load_config`.

Precedence, lowest first: defaults, the TOML file, ``EDGEFACE_<SECTION>__<FIELD>`` environment variables
(``EDGEFACE_SERVER__SOCKET=/tmp/e.sock``), and ``EDGEFACE_MODEL_PACK`` for the pack's folder.
"""

from edgeface.config.analysis import (
    DecisionConfig,
    DetectionConfig,
    ImageLimits,
    ModelsConfig,
    QualityConfig,
    QualityThresholds,
)
from edgeface.config.gallery import GalleryConfig, GalleryLimits, IndexConfig, RegisterConfig, TokensConfig
from edgeface.config.live import (
    AccessRule,
    AttendanceConfig,
    CameraConfig,
    DoorConfig,
    EventsConfig,
    KioskConfig,
    LiveConfig,
    RelayConfig,
)
from edgeface.config.loading import DEFAULT_CONFIG_FILE, load_config
from edgeface.config.schema import DEFAULT_STATE_DIR, Config
from edgeface.config.section import Section
from edgeface.config.server import (
    DEFAULT_SOCKET,
    FetchConfig,
    KeyConfig,
    KeysFile,
    LogConfig,
    ServerConfig,
    TcpConfig,
)

__all__ = [
    "DEFAULT_CONFIG_FILE",
    "DEFAULT_SOCKET",
    "DEFAULT_STATE_DIR",
    "AccessRule",
    "AttendanceConfig",
    "CameraConfig",
    "Config",
    "DecisionConfig",
    "DetectionConfig",
    "DoorConfig",
    "EventsConfig",
    "FetchConfig",
    "GalleryConfig",
    "GalleryLimits",
    "ImageLimits",
    "IndexConfig",
    "KeyConfig",
    "KeysFile",
    "KioskConfig",
    "LiveConfig",
    "LogConfig",
    "ModelsConfig",
    "QualityConfig",
    "QualityThresholds",
    "RegisterConfig",
    "RelayConfig",
    "Section",
    "ServerConfig",
    "TcpConfig",
    "TokensConfig",
    "load_config",
]
