from __future__ import annotations

from edgeface.live.tracker import Tracker
from tests.live.faces import face


def tracker() -> Tracker:
    return Tracker(least_iou=0.3, lost_s=1.0)


def test_a_face_that_moves_a_little_is_the_same_track() -> None:
    following = tracker()
    numbers = [following.update([face(100 + 8 * step)], step / 15).seen[0].number for step in range(20)]
    assert set(numbers) == {1}


def test_two_people_who_pass_each_other_at_a_distance_keep_their_tracks() -> None:
    following = tracker()
    for step in range(20):
        seen = following.update([face(100 + 10 * step, top=50), face(600 - 10 * step, top=300)], step / 15).seen
        assert [track.number for track in seen] == [1, 2]


def test_a_quick_walker_is_followed_by_the_speed_of_the_last_frames() -> None:
    following = tracker()
    # 60 px a frame on a box of 120: without the speed a frame left out (120 px) would leave no overlap.
    for step in (0, 1, 2, 3, 5, 6):
        (track,) = following.update([face(60.0 * step)], step / 15).seen
        assert track.number == 1


def test_a_gap_shorter_than_the_limit_is_bridged_and_a_longer_one_ends_the_track() -> None:
    following = tracker()
    following.update([face()], 0.0)
    following.update([], 0.5)
    assert following.update([face()], 0.9).seen[0].number == 1
    assert [track.number for track in following.update([], 2.0).ended] == [1]
    assert following.update([face()], 2.1).seen[0].number == 2


def test_a_joined_track_goes_on_under_the_older_number() -> None:
    following = tracker()
    following.update([face(0)], 0.0)
    following.update([face(900)], 0.1)
    assert [track.number for track in following.coasting] == [1]
    joined = following.join(1, 2)
    assert joined is not None
    assert (joined.number, joined.began_at, joined.hits) == (1, 0.0, 2)
    assert following.update([face(900)], 0.2).seen[0].number == 1
