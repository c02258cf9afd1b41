"""``camera``: which cameras there are, whether one works, and what it sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli.session import Session, session_of
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.capture.devices import Device
    from edgeface.capture.frame import Frame
    from edgeface.capture.process import CameraProcess
    from edgeface.cli.camera_trial import Trial

_SAMPLES = 5
# A camera's exposure and white balance take about this long to settle after it was opened.
_SETTLE_S = 1.0
_JPEG_QUALITY = 92
_ONE_PICTURE = frozenset({".jpg", ".jpeg", ".png"})

SourceOption = Annotated[
    str | None,
    typer.Option("--source", "-s", help="As camera.source, e.g. v4l2:/dev/video0; default: the configured camera."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="Cameras.", no_args_is_help=True)
    family.command("list")(list_cameras)
    family.command("test")(test)
    family.command("preview")(preview)
    app.add_typer(family, name="camera")


def list_cameras(context: typer.Context) -> None:
    """List the cameras of this machine, with what camera.source is to be for each."""
    from edgeface.capture.devices import list_devices

    devices = list_devices()
    session_of(context).output.result(
        {"cameras": [_device_view(device) for device in devices]}, lambda console: _print_devices(console, devices)
    )


def test(
    context: typer.Context,
    source: SourceOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, max=3600, help="How long to watch, from the first frame on.")
    ] = 5.0,
) -> None:
    """Open a camera as the daemon does, watch it, and look for a face."""
    from edgeface.cli.camera_trial import look_for_faces, watch

    session = session_of(context)
    trial = watch(_camera(session, source), seconds, _SAMPLES)
    found, problem = look_for_faces(session, trial.samples)
    best = max(range(len(found)), key=lambda index: len(found[index].faces), default=-1)
    view = _frame_view(trial.samples[best], found[best : best + 1] if best >= 0 else [], problem)
    data = {**_trial_view(trial), **view}
    session.output.result(data, lambda console: _print_trial(console, data))


def preview(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A picture (.jpg, .png) for one snapshot, or a folder for several.")
    ],
    source: SourceOption = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=1000, help="Frames, for a folder.")] = 10,
    every: Annotated[float, typer.Option("--every", min=0, max=3600, help="Seconds between them at least.")] = 0.5,
) -> None:
    """Write what a camera sees into a file or a folder, and say what is in it."""
    from edgeface.cli.camera_trial import look_for_faces

    session = session_of(context)
    single = out.suffix.lower() in _ONE_PICTURE
    frames = _taken(_camera(session, source), 1 if single else count, every)
    files = [out] if single else [out / f"frame-{frame.number:06}.jpg" for frame in frames]
    try:
        (out.parent if single else out).mkdir(parents=True, exist_ok=True)
        for file, frame in zip(files, frames, strict=True):
            _write(file, frame)
    except OSError as error:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{out}: {error.strerror or error}.") from error
    found, problem = look_for_faces(session, frames)
    pictures = [
        {"file": str(file), "number": frame.number, **_frame_view(frame, found[index : index + 1], problem)}
        for index, (file, frame) in enumerate(zip(files, frames, strict=True))
    ]
    session.output.result({"pictures": pictures}, lambda console: _print_pictures(console, pictures))


def _camera(session: Session, source: str | None) -> CameraProcess:
    """The configured camera, or another source in its place; without restarts, so that a failure is seen."""
    from edgeface.capture.process import CameraProcess

    config = session.config.camera
    if source is not None:
        config = config.model_copy(update={"source": source})
    if config.source == "none":
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER,
            "No camera is configured: name one with --source; 'edgeface camera list' shows what there is.",
        )
    return CameraProcess(config.model_copy(update={"restarts": 0}))


def _taken(camera: CameraProcess, count: int, every: float) -> list[Frame]:
    """Frames at least so far apart, the first when the camera has settled; fewer where it ends before."""
    from edgeface.cli.camera_trial import frames_of

    taken: list[Frame] = []
    last: Frame | None = None
    frames = frames_of(camera)
    due: float | None = None
    try:
        for frame in frames:
            last = frame
            due = frame.captured_at + _SETTLE_S if due is None else due
            if frame.captured_at >= due:
                taken.append(frame)
                due = frame.captured_at + every
            if len(taken) == count:
                break
    finally:
        frames.close()
    if not taken and last is not None:  # ended before it settled: a short film
        taken.append(last)
    if not taken:
        raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, "It ended without a frame.")
    return taken


def _write(file: Path, frame: Frame) -> None:
    import cv2

    done, encoded = cv2.imencode(file.suffix.lower(), frame.image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise OSError(f"{file.name} cannot be encoded")
    file.write_bytes(encoded.tobytes())


# ------------------------------------------------------------------ views


def _device_view(device: Device) -> dict[str, Any]:
    return {
        "source": device.source,
        "name": device.name,
        "driver": device.driver,
        "bus": device.bus,
        "formats": list(device.formats),
        "usable": device.usable,
        "problem": device.problem,
    }


def _trial_view(trial: Trial) -> dict[str, Any]:
    facts = trial.facts
    first_frame_s = None if facts.first_frame_s is None else round(facts.first_frame_s, 3)
    return {
        "source": facts.source,
        "seconds": round(trial.seconds, 2),
        "frames": facts.frames,
        "dropped": facts.dropped,
        "fps": round(trial.fps, 2),
        "first_frame_s": first_frame_s,
        "longest_gap_ms": round(trial.longest_gap_ms, 1),
        "age_ms": round(trial.age_ms, 1),
    }


def _frame_view(frame: Frame, found: Sequence[Any], problem: str) -> dict[str, Any]:
    """Size, light and faces (``null`` where they cannot be looked for) of one frame."""
    from edgeface.cli.views import detection_view

    view: dict[str, Any] = {
        "width": frame.image.shape[1],
        "height": frame.image.shape[0],
        "detect_width": frame.small.shape[1],
        "light": round(float(frame.small.mean()), 1),
        "faces": detection_view(found[0])["faces"] if found else None,
    }
    return view if found else {**view, "faces_problem": problem}


# ------------------------------------------------------------------ for people


def _print_devices(console: Console, devices: Sequence[Device]) -> None:
    if not devices:
        console.print("[dim]no camera found: no V4L2 device that takes pictures, and none that picamera2 knows[/]")
        return
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("", "source", "name", "driver", "formats", ""):
        table.add_column(column, overflow="fold")
    for device in devices:
        mark = "[green]●[/]" if device.usable else "[red]○[/]"
        cells = (device.source, device.name, device.driver, " ".join(device.formats))
        table.add_row(mark, *map(escape, cells), f"[yellow]{escape(device.problem)}[/]")
    console.print(table)


def _print_trial(console: Console, data: dict[str, Any]) -> None:
    console.print(f"[bold]{escape(data['source'])}[/]  {data['width']} x {data['height']}")
    first = "?" if data["first_frame_s"] is None else f"{data['first_frame_s']:.2f} s"
    console.print(f"  first frame   after {first}")
    console.print(f"  frames        {data['frames']}, {data['fps']:.1f} a second, {data['dropped']} dropped")
    console.print(f"  longest gap   {data['longest_gap_ms']:.0f} ms; a frame arrives {data['age_ms']:.1f} ms old")
    console.print(f"  light         {data['light']:.0f} of 255")
    console.print(f"  face          {_faces_text(data)}")


def _print_pictures(console: Console, pictures: Sequence[dict[str, Any]]) -> None:
    for item in pictures:
        size = f"{item['width']} x {item['height']}"
        console.print(
            f"[bold]{escape(item['file'])}[/]  {size}, light {item['light']:.0f} of 255, {_faces_text(item)}"
        )


def _faces_text(view: dict[str, Any]) -> str:
    faces = view["faces"]
    if faces is None:
        return f"[yellow]not looked for: {escape(view['faces_problem'])}[/]"
    if not faces:
        return "[yellow]no face[/]"
    box = faces[0]["box"]
    across = _third(box["left"] + box["width"] / 2, view["width"], ("on the left", "in the middle", "on the right"))
    down = _third(box["top"] + box["height"] / 2, view["height"], (", high", "", ", low"))
    count = "1 face" if len(faces) == 1 else f"{len(faces)} faces, the largest"
    return f"[green]{count}[/] {box['width']:.0f} pixels wide, {across}{down}"


def _third(value: float, whole: float, names: tuple[str, str, str]) -> str:
    return names[min(2, max(0, int(3 * value / whole)))]
