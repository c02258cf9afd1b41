"""The gallery, its limits and index, remembered tokens, and the register of ID photographs."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from edgeface.config.section import Section


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


class TokensConfig(Section):
    """Face tokens of pictures that were looked at but not enrolled. Kept in memory only, never a picture."""

    remember_s: float = Field(
        3600.0,
        ge=0,
        le=86400,
        description="Seconds for which the token of a detected face can be searched and enrolled; 0: not at all.",
    )
    most: int = Field(1000, ge=1, le=100_000, description="Faces remembered at most (3 KB each); the oldest go.")


class RegisterConfig(Section):
    """The local register of ID photographs, which answers what the cloud asks a police database."""

    group: str = Field(
        "id_register", pattern=r"^[A-Za-z0-9_]{1,128}$", description="Gallery group that holds the register."
    )
