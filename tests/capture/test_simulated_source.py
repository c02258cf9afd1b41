"""The scripted camera: who is seen when, the same frames every time, and what is wrong with a script."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.capture.open_source import open_source
from edgeface.capture.source import RawFrame
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.simulation.portraits import Portrait

EILEEN = '[[people]]\nname = "eileen"\nportrait = "eileen_collins"\n'


def play(tmp_path: Path, text: str, **fields: object) -> list[RawFrame]:
    file = tmp_path / "script.toml"
    file.write_text(text)
    settings = {"source": f"simulated:{file}", "width": 320, "height": 240, "fps": 10} | fields
    source = open_source(CameraConfig.model_validate(settings))
    source.open()
    frames = []
    while len(frames) < 60 and (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def difference(a: RawFrame, b: RawFrame) -> float:
    return float(np.abs(a.image.astype(int) - b.image.astype(int)).mean())


def test_a_script_shows_people_when_it_says(eileen: Portrait, tmp_path: Path) -> None:
    frames = play(tmp_path, "seconds = 2\n" + EILEEN + '[[shots]]\nwho = "eileen"\nstart = 0.5\nend = 1.5\n')
    assert len(frames) == 20
    assert [frame.due_s for frame in frames[:3]] == [0, 0.1, 0.2]
    assert frames[0].image.shape == (240, 320, 3)
    empty, there = frames[0], frames[10]
    assert difference(empty, frames[4]) < 4 < difference(empty, there)
    assert difference(there, frames[14]) < 4 < difference(there, frames[15])


def test_the_same_script_gives_the_same_frames(eileen: Portrait, tmp_path: Path) -> None:
    text = EILEEN + '[[shots]]\nwho = "eileen"\nstart = 0\nend = 0.5\nface_width = [60, 120]\n'
    first, second = play(tmp_path, text), play(tmp_path, text)
    looped = play(tmp_path, text, loop=True)
    assert len(first) == 5
    for number in range(5):
        assert np.array_equal(first[number].image, second[number].image)
        assert np.array_equal(first[number].image, looped[number + 10].image)
    assert looped[12].due_s == pytest.approx(1.2)
    assert not np.array_equal(first[0].image, play(tmp_path, "seed = 1\n" + text)[0].image)


def test_courses_go_evenly_from_begin_to_end(eileen: Portrait, tmp_path: Path) -> None:
    shots = EILEEN + '[[shots]]\nwho = "eileen"\nstart = 0\nend = 1\nlight = [1.0, 0.2]\nnoise = 0\n'
    lights = [float(frame.image.mean()) for frame in play(tmp_path, shots)]
    assert lights == sorted(lights, reverse=True)
    assert lights[5] / lights[0] == pytest.approx(0.6, abs=0.03)


def test_a_picture_of_ones_own_needs_its_points(eileen: Portrait, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "me.png"), eileen.image)
    points = [[float(x), float(y)] for x, y in eileen.points]
    own = f'[[people]]\nname = "me"\nfile = "me.png"\npoints = {points}\n'
    shot = '[[shots]]\nwho = "{}"\nstart = 0\nend = 0.2\n'
    mine = play(tmp_path, own + shot.format("me"))
    theirs = play(tmp_path, EILEEN + shot.format("eileen"))
    assert np.array_equal(mine[0].image, theirs[0].image)


def test_a_photograph_is_a_print_before_the_room(eileen: Portrait, tmp_path: Path) -> None:
    shot = '[[shots]]\nwho = "eileen"\nstart = 0\nend = 0.2\nface_width = 60\nnoise = 0\n'
    empty = play(tmp_path, "seconds = 0.2\n")[0].image
    held = play(tmp_path, EILEEN + shot + "photograph = true\n")[0].image
    person = play(tmp_path, EILEEN + shot)[0].image
    assert np.abs(held[:, :40].astype(int) - empty[:, :40]).mean() < 4  # the room beside it
    assert np.abs(person[:, :40].astype(int) - empty[:, :40]).mean() > 4
    face = (slice(90, 126), slice(142, 178))
    assert np.abs(held[face].astype(int) - person[face]).mean() < 12
    assert (held > 235).all(axis=2).sum() > 300  # its white border


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "length"),
        ("seconds = -1", "seconds"),
        ("colour = 3\nseconds = 1", "colour"),
        ('[[shots]]\nwho = "x"\nstart = 0\nend = 1', "not among the people"),
        (EILEEN + '[[shots]]\nwho = "eileen"\nstart = 2\nend = 1', "after start"),
        (EILEEN * 2 + "[[faults]]\nat = 1\nkind = 'hung'", "one name"),
        ('[[people]]\nname = "x"\nfile = "x.jpg"', "five points"),
        ('[[people]]\nname = "x"\nportrait = "mona_lisa"', "portrait"),
        ("seconds = ", "Invalid value"),
    ],
)
def test_what_is_wrong_with_a_script_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        play(tmp_path, text)
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert "script.toml" in caught.value.message
    assert complaint in caught.value.message


def test_a_script_or_picture_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EdgeFaceError, match=r"nowhere\.toml"):
        open_source(CameraConfig(source=f"simulated:{tmp_path}/nowhere.toml")).open()
    points = [[1, 1], [2, 1], [1.5, 2], [1, 3], [2, 3]]
    with pytest.raises(EdgeFaceError, match=r"me\.png"):
        play(tmp_path, f'seconds = 1\n[[people]]\nname = "me"\nfile = "me.png"\npoints = {points}\n')


def test_an_unplugged_fault_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        play(tmp_path, 'seconds = 2\n[[faults]]\nat = 0.3\nkind = "unplugged"')
    assert caught.value.code is ErrorCode.CAMERA_UNAVAILABLE
