"""A group's own text: sealed, limited, kept by archives, gone with the group."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from gallery_samples import OpenGallery, Pick, bytes_on_disk, refused

from edgeface.errors import ErrorCode
from edgeface.gallery import schema
from edgeface.gallery.gallery import Gallery

TEXT = "Eingang 部門 7"


def test_text_of_a_group(gallery: Gallery, open_gallery: OpenGallery) -> None:
    gallery.add_group("staff", group_info=TEXT)
    gallery.add_group("night")
    assert gallery.group("staff").group_info == TEXT
    assert [group.group_info for group in gallery.groups(0, 10).items] == [TEXT, ""]
    gallery.set_group_info("staff", "other")
    gallery.set_group_info("night", TEXT)
    gallery.close()
    again = open_gallery()
    assert [group.group_info for group in again.groups(0, 10).items] == ["other", TEXT]
    assert again.group("staff") == again.groups(0, 1).items[0]


def test_unknown_groups_and_wrong_texts(gallery: Gallery) -> None:
    gallery.add_group("staff", group_info="x" * 256)
    for call in (lambda: gallery.group("night"), lambda: gallery.set_group_info("night", "x")):
        with refused(ErrorCode.GROUP_NOT_FOUND):
            call()
    with refused(ErrorCode.INVALID_ID):
        gallery.group("not an id")
    for text in ("x" * 257, "字" * 86, "\ud800"):
        with refused(ErrorCode.INVALID_PARAMETER) as error:
            gallery.add_group("other", group_info=text)
        assert error.value.context["parameter"] == "group_info"
        with refused(ErrorCode.INVALID_PARAMETER):
            gallery.set_group_info("staff", text)
    assert not gallery.has_group("other")
    assert gallery.group("staff").group_info == "x" * 256


def test_text_is_sealed_and_bound_to_its_group(gallery: Gallery, tmp_path: Path) -> None:
    gallery.add_group("staff", group_info=TEXT)
    gallery.add_group("night", group_info="something else")
    assert TEXT.encode() not in bytes_on_disk(tmp_path / "state")
    with sqlite3.connect(tmp_path / "state" / "gallery.db") as database:
        database.execute("UPDATE groups SET info = (SELECT info FROM groups WHERE name = 'staff')")
    database.close()
    assert gallery.group("staff").group_info == TEXT
    with refused(ErrorCode.GALLERY_CORRUPT):
        gallery.group("night")
    gallery.delete_group("night")


def test_deleted_text_leaves_the_disk(gallery: Gallery, tmp_path: Path) -> None:
    gallery.add_group("staff", group_info=TEXT * 5)
    with sqlite3.connect(tmp_path / "state" / "gallery.db") as database:
        (sealed,) = database.execute("SELECT info FROM groups").fetchone()
    database.close()
    assert sealed in bytes_on_disk(tmp_path / "state")
    gallery.delete_group("staff")
    assert sealed[:24] not in bytes_on_disk(tmp_path / "state")


def test_archive_carries_the_texts(
    gallery: Gallery, open_gallery: OpenGallery, template: Pick, tmp_path: Path
) -> None:
    gallery.add_group("staff", group_info=TEXT)
    gallery.add_group("night", group_info="theirs")
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    gallery.export_archive(tmp_path / "a.efa", "secret")
    target = open_gallery(tmp_path / "target")
    target.add_group("night", group_info="mine")
    target.import_archive(tmp_path / "a.efa", "secret")
    assert {group.group_id: group.group_info for group in target.groups(0, 10).items} == {
        "night": "mine",  # a group that exists stays as it is
        "staff": TEXT,
    }


def test_archive_of_before_groups_had_texts(
    gallery: Gallery, open_gallery: OpenGallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.gallery import archive

    records = archive._records

    def earlier(*arguments: object):  # type: ignore[no-untyped-def]
        for record, vector in records(*arguments):  # type: ignore[arg-type]
            record.pop("group_info", None)
            yield record, vector

    gallery.add_group("staff", group_info=TEXT)
    monkeypatch.setattr(archive, "_records", earlier)
    gallery.export_archive(tmp_path / "a.efa", "secret")
    target = open_gallery(tmp_path / "target")
    target.import_archive(tmp_path / "a.efa", "secret")
    assert target.group("staff").group_info == ""


def made_by_version_1(state: Path) -> None:
    """Bring a gallery back to the shape that it had before groups had texts."""
    with sqlite3.connect(state / "gallery.db") as database:
        database.execute("ALTER TABLE groups DROP COLUMN info")
        database.execute("PRAGMA user_version = 1")
    database.close()


def test_gallery_of_version_1_is_migrated(open_gallery: OpenGallery, template: Pick, tmp_path: Path) -> None:
    gallery = open_gallery()
    gallery.add_face("staff", "ann", template(0), "t0", user_info="Ann", duplicate_similarity=0.98)
    gallery.close()
    made_by_version_1(tmp_path / "state")
    again = open_gallery()
    assert schema.SCHEMA.version >= 2
    assert again.group("staff").group_info == ""
    assert again.search(template(0), ["staff"], 1)[0].user_info == "Ann"
    again.set_group_info("staff", TEXT)
    assert again.group("staff").group_info == TEXT


def test_gallery_of_version_1_on_a_storage_that_cannot_be_written(
    open_gallery: OpenGallery, template: Pick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = open_gallery()
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    gallery.close()
    made_by_version_1(tmp_path / "state")
    monkeypatch.setattr("edgeface.gallery.home.os.access", lambda path, mode: False)
    with refused(ErrorCode.STORAGE_READ_ONLY) as error:
        open_gallery(read_only_ok=True)
    assert "older version" in error.value.message


def test_user_ids_of_a_group(gallery: Gallery, template: Pick) -> None:
    for number, user in enumerate(("zoe", "ann", "bob")):
        gallery.add_face("staff", user, template(number), f"t{number}", duplicate_similarity=0.98)
    gallery.add_group("night")
    assert gallery.user_ids("staff") == ("zoe", "ann", "bob")
    assert gallery.user_ids("night") == ()
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.user_ids("nobody")
