"""The teacher: YuNet-n, run at several sizes and mirrored, its findings merged into labels for a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from training.detector.decode import Faces, decode_cells, join_faces, no_faces, overlaps, suppress

STRIDES = (8, 16, 32)
TEACHER_FILE = Path("detector") / "yunet_n.onnx"
# Points of a mirrored picture: the eyes and the mouth corners change places.
MIRROR_ORDER = (1, 0, 2, 4, 3)
_SAME_FACE_IOU = 0.5
# Two faces seldom overlap this much: the weaker finding is a second view of the better one's face.
_SHADOW_IOU = 0.35


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """At which sizes (long side in pixels) a picture is shown to the teacher, and how far it is enlarged."""

    long_sides: tuple[int, ...] = (320, 640, 1120)
    largest_zoom: float = 3.0
    threshold: float = 0.3


def pad_to_multiple(image: NDArray[np.uint8], multiple: int = 32) -> NDArray[np.uint8]:
    """Return `image` (h x w x 3) with black added below and to the right up to multiples of `multiple`."""
    height, width = image.shape[:2]
    bottom, right = -height % multiple, -width % multiple
    padded = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT)
    return padded.astype(np.uint8, copy=False)


def mirror_faces(faces: Faces, width: float) -> Faces:
    """Return the faces as they lie in the mirrored picture of that width."""
    boxes = faces.boxes[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32)
    boxes += np.array([width, 0, width, 0], np.float32)
    points = faces.points[:, MIRROR_ORDER] * np.array([-1, 1], np.float32) + np.array([width, 0], np.float32)
    return Faces(boxes, faces.scores, points)


def scale_faces(faces: Faces, x: float, y: float) -> Faces:
    """Return the faces with all x coordinates multiplied by `x` and all y coordinates by `y`."""
    factor = np.array([x, y], np.float32)
    return Faces(faces.boxes * np.tile(factor, 2), faces.scores, faces.points * factor)


@dataclass(frozen=True, slots=True)
class DenseView:
    """What the teacher sees in every cell of a batch of square pictures.

    scores: float32 N x cells (strides 8, 16, 32, each in row-major order); features: for each stride the maps
    that its heads read, float32 N x 64 x h x w.
    """

    scores: NDArray[np.float32]
    features: tuple[NDArray[np.float32], ...]


class DenseTeacher:
    """YuNet-n with the inputs of its heads laid open (in memory only)."""

    def __init__(self, folder: Path) -> None:
        proto = onnx.load(str(folder / TEACHER_FILE))
        makers = {name: node for node in proto.graph.node for name in node.output}
        self._features = [_head_input(makers, f"cls_{stride}") for stride in STRIDES]
        for name in self._features:
            proto.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def look(self, tensor: NDArray[np.float32]) -> DenseView:
        """Return the view of an input N x 3 x h x w (BGR, 0 to 255, multiples of 32)."""
        names = [f"{kind}_{stride}" for kind in ("cls", "obj") for stride in STRIDES]
        # One picture at a time stays in the processor's cache: less than half the time of all at once.
        views = [self._session.run(names + self._features, {"input": one[None]}) for one in tensor]
        found = [np.concatenate(parts) for parts in zip(*views, strict=True)]
        scores = [np.sqrt(cls * obj)[..., 0] for cls, obj in zip(found[:3], found[3:6], strict=True)]
        return DenseView(np.concatenate(scores, axis=1), tuple(found[6:]))


def _head_input(makers: dict[str, onnx.NodeProto], name: str) -> str:
    """Return the name of the map from which a pointwise and a depthwise convolution make the output `name`."""
    convolutions = 0
    while convolutions < 2:
        node = makers[name]
        convolutions += node.op_type == "Conv"
        name = node.input[0]
    return str(name)


class Teacher:
    """YuNet-n in ONNX Runtime on one thread; boxes and points in pixels of the picture given."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / TEACHER_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._names = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in STRIDES]

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the network's outputs for an input 1 x 3 x h x w (BGR, 0 to 255, multiples of 32)."""
        return [np.asarray(part) for part in self._session.run(self._names, {"input": tensor})]

    def raw(self, image: NDArray[np.uint8], threshold: float) -> Faces:
        """Return every cell at or above `threshold`, before suppression; `image` is h x w x 3 BGR uint8."""
        padded = pad_to_multiple(image)
        tensor = padded.transpose(2, 0, 1)[None].astype(np.float32)
        values = dict(zip(self._names, self.run(tensor), strict=True))
        parts = []
        for stride in STRIDES:
            scores = np.sqrt(values[f"cls_{stride}"][0, :, 0] * values[f"obj_{stride}"][0, :, 0])
            regression = np.concatenate([values[f"bbox_{stride}"][0], values[f"kps_{stride}"][0]], axis=1)
            parts.append(decode_cells(regression, scores, padded.shape[1] // stride, stride, threshold))
        return join_faces(parts)

    def find(self, image: NDArray[np.uint8], threshold: float, iou: float = 0.45) -> Faces:
        """Return the faces of `image` (h x w x 3 BGR uint8) at or above `threshold`."""
        return suppress(self.raw(image, threshold), iou)

    def label(self, image: NDArray[np.uint8], plan: LabelPlan) -> Faces:
        """Return the faces agreed upon over sizes and mirror (see `merge_faces`)."""
        height, width = image.shape[:2]
        found = []
        for long_side in plan.long_sides:
            zoom = min(long_side / max(height, width), plan.largest_zoom)
            size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
            way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
            resized = cv2.resize(image, size, interpolation=way).astype(np.uint8, copy=False)
            for mirrored in (False, True):
                view = np.ascontiguousarray(resized[:, ::-1]) if mirrored else resized
                faces = self.find(view, plan.threshold)
                faces = mirror_faces(faces, size[0]) if mirrored else faces
                found.append(scale_faces(faces, width / size[0], height / size[1]))
        return merge_faces(join_faces(found))


def merge_faces(faces: Faces) -> Faces:
    """Return one face for each group of overlapping findings.

    Its score is the mean of the best two (a face seen in one view only is worth half), its box and points are
    means weighted by the score.
    """
    order = np.argsort(-faces.scores, kind="stable")
    faces = faces.select(order)
    free = np.ones(len(faces), bool)
    merged = []
    for index in range(len(faces)):
        if not free[index]:
            continue
        touch = overlaps(faces.boxes[index : index + 1], faces.boxes)[0]
        group = free & (touch > _SAME_FACE_IOU)
        group[index] = True
        free &= ~(group | (touch > _SHADOW_IOU))
        members = faces.select(group)
        weight = members.scores**4 / np.sum(members.scores**4)
        box = np.tensordot(weight, members.boxes, axes=1)
        points = np.tensordot(weight, members.points, axes=1)
        score = members.scores[:2].sum() / 2
        merged.append(Faces(box[None], score.reshape(1), points[None]))
    return join_faces(merged) if merged else no_faces()
