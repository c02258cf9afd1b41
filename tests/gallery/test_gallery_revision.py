"""The gallery's revision, and what is worked out once per revision."""

from __future__ import annotations

import threading
from pathlib import Path

from gallery_samples import OpenGallery, Pick, new_faces, refused, unit_vectors

from edgeface.errors import ErrorCode
from edgeface.gallery.derived import MOST
from edgeface.gallery.gallery import Gallery


def test_every_committed_change_is_a_new_revision(open_gallery: OpenGallery, template: Pick, tmp_path: Path) -> None:
    other = open_gallery(tmp_path / "other")
    other.add_faces(new_faces(unit_vectors(3), group="from_afar"))
    archive = tmp_path / "archive"
    other.export_archive(archive, "passphrase")
    gallery = open_gallery()
    persons = gallery.persons()
    either = {"duplicate_similarity": 0.98}
    changes = [
        lambda: gallery.add_group("empty"),
        lambda: gallery.set_group_info("empty", "text"),
        lambda: gallery.add_face("staff", "ann", template(0), "t0", **either),
        lambda: gallery.add_face("staff", "ann", template(1), "t1", replace=True, **either),
        lambda: gallery.set_user_info("staff", "ann", "Ann"),
        lambda: gallery.add_faces(new_faces(unit_vectors(5))),
        lambda: gallery.copy_user("ann", "staff", "empty"),
        lambda: gallery.memberships.enrol(["day", "night"], "bob", [(template(2), "t2")], **either),
        lambda: gallery.memberships.enrol(["day"], "bob", [(template(3), "t3")], replace=True, **either),
        lambda: gallery.memberships.copy("bob", "day", ["late"]),
        lambda: gallery.memberships.leave("bob", ["late"]),
        lambda: persons.create("eve", ["day"], template(4), "t4", "Eve"),
        lambda: persons.change_info("eve", str.upper),
        lambda: persons.delete("eve"),
        lambda: gallery.delete_face("staff", "ann", "t1"),
        lambda: gallery.delete_user(None, "ann"),
        lambda: gallery.delete_group("staff"),
        lambda: gallery.import_archive(archive, "passphrase"),
        gallery.erase,
        lambda: gallery.add_face("staff", "ann", template(0), "t0", **either),
    ]
    seen = [gallery.revision]
    for change in changes:
        change()
        seen.append(gallery.revision)
    assert seen == sorted(set(seen))


def test_reading_and_refused_changes_are_none(gallery: Gallery, template: Pick) -> None:
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    before = gallery.revision
    gallery.search(template(0), ["staff"], 1)
    gallery.users("staff", 0, 10)
    gallery.stats()
    with refused(ErrorCode.FACE_EXISTS):
        gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.delete_group("nobody")
    assert gallery.revision == before


def test_a_commit_that_failed_leaves_nothing_derived_behind(gallery: Gallery, template: Pick) -> None:
    """Only SQLite knows what became of it, so that nothing that was read before counts any more."""
    gallery.add_group("staff")
    assert gallery.derived("groups", lambda: gallery.groups(0, 9).total) == 1
    gallery._ledger.store._writer.execute("PRAGMA query_only = ON")
    with refused(ErrorCode.STORAGE_READ_ONLY):
        gallery.add_group("night")
    gallery._ledger.store._writer.execute("PRAGMA query_only = OFF")
    assert gallery.derived("groups", lambda: "made again") == "made again"


def test_a_value_is_made_once_for_each_revision(gallery: Gallery, template: Pick) -> None:
    made: list[str] = []

    def users() -> tuple[str, ...]:
        made.append("users")
        return gallery.user_ids("staff")

    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    assert [gallery.derived("users", users) for _ in range(3)] == [("ann",)] * 3
    assert len(made) == 1
    gallery.add_face("staff", "bob", template(1), "t1", duplicate_similarity=0.98)
    assert [gallery.derived("users", users) for _ in range(3)] == [("ann", "bob")] * 3
    assert len(made) == 2
    assert gallery.derived("others", lambda: "others") == "others"
    gallery.erase()
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.derived("users", users)


def test_a_value_that_a_change_overtook_is_not_kept(gallery: Gallery) -> None:
    def overtaken() -> int:
        found = gallery.groups(0, 9).total
        gallery.add_group("late")
        return found

    assert gallery.derived("groups", overtaken) == 0
    assert gallery.derived("groups", lambda: gallery.groups(0, 9).total) == 1


def test_a_value_of_an_erased_gallery_is_not_kept(gallery: Gallery) -> None:
    gallery.add_group("staff")

    def overtaken() -> int:
        found = gallery.groups(0, 9).total
        gallery.erase()
        return found

    assert gallery.derived("groups", overtaken) == 1
    assert gallery.derived("groups", lambda: gallery.groups(0, 9).total) == 0


def test_values_are_bounded_in_number(gallery: Gallery) -> None:
    made: list[int] = []
    for number in (*range(MOST), 0, MOST):  # the first is asked for again, so the second is the longest unused
        gallery.derived(str(number), lambda number=number: made.append(number))
    assert made == [*range(MOST), MOST]
    gallery.derived("0", lambda: made.append(0))
    gallery.derived("1", lambda: made.append(1))
    assert made[-1] == 1 and made.count(0) == 1


def test_readers_never_see_less_than_their_revision(gallery: Gallery, template: Pick) -> None:
    """Threads that ask for the list of groups while it grows get one that has every group announced so far."""
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            announced = gallery.revision
            names = gallery.derived("names", lambda: {group.group_id for group in gallery.groups(0, 1000).items})
            if not {f"g{number}" for number in range(announced)} <= names:
                wrong.append(f"{announced}: {len(names)}")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number in range(60):
            gallery.add_group(f"g{number}")
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert not wrong
    assert len(gallery.derived("names", lambda: {group.group_id for group in gallery.groups(0, 1000).items})) == 60
