"""The engine as a whole: opened, used, closed."""

from __future__ import annotations

from types import TracebackType

from edgeface.analysis import Analyzer
from edgeface.config import Config
from edgeface.engine.enrolment import EnrolmentAndErasure
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.gallery import Gallery
from edgeface.inference.cohort import space_of
from edgeface.inference.locate import locate_pack
from edgeface.inference.pack import ModelPack
from edgeface.native_threads import bound_native_threads
from edgeface.scoring import ScoreScale
from edgeface.telemetry import NoTelemetry, Telemetry


class Engine(EnrolmentAndErasure):
    """The engine: one model pack, one gallery, one score scale.

    Example::

        with Engine.open(load_config()) as engine:
            engine.enrol(portrait, "staff", "ada")
            print(engine.identify(photo, ["staff"]).matches)
    """

    @classmethod
    def open(cls, config: Config, telemetry: Telemetry | None = None) -> Engine:
        """Load the pack and open the gallery. Bounds the threads of BLAS and OpenCV in this process.

        Raises ``PACK_INVALID``, ``FEATURE_UNAVAILABLE`` (a pack without detector or embedder), and the
        ``GALLERY_*`` and ``STORAGE_*`` errors.
        """
        telemetry = telemetry or NoTelemetry()
        bound_native_threads(config.models.threads)
        pack = ModelPack.load(locate_pack(config.models.pack, config.state_dir))
        if missing := {"detector", "embedder"} - set(pack.roles):
            raise EdgeFaceError(
                ErrorCode.FEATURE_UNAVAILABLE, f"The pack '{pack.name}' lacks {', '.join(sorted(missing))}."
            )
        space = space_of(pack)
        gallery = Gallery.open(
            config.state_dir,
            contract_id=pack.contract_id,
            space=space,
            config=config.gallery,
        )
        try:
            analyzer = Analyzer.open(pack, config, cache_dir=config.state_dir, observe=telemetry.stage)
            return cls(
                config,
                pack=pack,
                analyzer=analyzer,
                gallery=gallery,
                space=space,
                scale=ScoreScale.from_points(pack.calibration),
                telemetry=telemetry,
            )
        except BaseException:
            gallery.close()
            raise

    def close(self) -> None:
        """Close gallery and sessions. Idempotent."""
        self._remembered.clear()
        self.gallery.close()
        self.analyzer.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
