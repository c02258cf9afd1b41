"""Back from an exported ONNX file to a network that can be trained on.

Exporting folds batch normalisation into the convolutions, so a file has no statistics any more. A network without
them would train badly; here they are measured anew on a batch, and the network answers as the file does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

_CARRIERS = {"Conv", "Gemm", "MatMul", "BatchNormalization"}
_Norm = nn.BatchNorm1d | nn.BatchNorm2d


@dataclass(frozen=True, slots=True)
class Layer:
    """One node with weights.

    kind: Conv, Gemm, MatMul or BatchNormalization. weights: float32 in the node's order, kernels and matrices with
    outputs first, as PyTorch has them.
    """

    kind: str
    weights: tuple[NDArray[np.float32], ...]


def layers_in(path: Path) -> list[Layer]:
    """The layers of a file of `training.onnx_export` in the order they are calculated, halved weights as float32.

    ValueError when the file is quantised: its weights are rounded beyond use.
    """
    graph = onnx.load(str(path)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            raise ValueError(f"{path.name} is quantised; continue from the fp32 file")
        # Halved weights are cast; PyTorch writes equal ones once and an Identity for the others.
        if node.op_type in {"Cast", "Identity"} and node.input[0] in stored:
            stored[node.output[0]] = stored[node.input[0]]
        if node.op_type in _CARRIERS:
            weights = [np.asarray(stored[name], np.float32) for name in node.input if name in stored]
            if node.op_type == "MatMul":
                weights = [weight.T for weight in weights]
            layers.append(Layer(node.op_type, tuple(weights)))
    return layers


def take_over(network: nn.Module, layers: list[Layer], batch: Tensor) -> None:
    """Give `network` the weights of a file that was exported from one of its shape.

    batch: inputs as training shows them, a few hundred; the statistics of batch normalisation are theirs, and scale
    and offset are chosen so that the network answers as the file. Raises ValueError when the shapes differ.
    """
    network.eval()
    called = _in_order_of_call(network, batch[:1])
    given = iter(layers)
    offsets: dict[nn.Module, Tensor] = {}
    with torch.no_grad():
        for module, following in zip(called, [*called[1:], None], strict=True):
            if module in offsets:
                continue
            layer = next(given, None)
            if layer is None:
                raise ValueError("the network has more layers than the file")
            rest = _load(module, layer)
            if rest is not None:
                if not isinstance(following, _Norm):
                    raise ValueError("the file has an offset where the network has no normalisation")
                offsets[following] = rest
        if next(given, None) is not None:
            raise ValueError("the file has more layers than the network")
        hooks = [norm.register_forward_pre_hook(_measuring(offset)) for norm, offset in offsets.items()]
        network(batch)
        for hook in hooks:
            hook.remove()


def _leaves(network: nn.Module) -> Iterator[nn.Module]:
    return (module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear, _Norm)))


def _in_order_of_call(network: nn.Module, batch: Tensor) -> list[nn.Module]:
    called: list[nn.Module] = []
    hooks = [leaf.register_forward_pre_hook(lambda module, _: called.append(module)) for leaf in _leaves(network)]
    with torch.no_grad():
        network(batch)
    for hook in hooks:
        hook.remove()
    return called


def _load(module: nn.Module, layer: Layer) -> Tensor | None:
    """Fill one module; what is left is an offset that belongs to the normalisation behind it."""
    weights = [torch.from_numpy(np.array(weight)) for weight in layer.weights]
    targets: list[object]
    if isinstance(module, _Norm):
        targets = [module.weight, module.bias, module.running_mean, module.running_var]
    else:
        targets = [module.weight, module.bias] if module.bias is not None else [module.weight]
    places = [there for there in targets if isinstance(there, Tensor)]
    pairs = list(zip(places, weights, strict=False))
    if len(pairs) < len(targets) or any(there.shape != here.shape for there, here in pairs):
        raise ValueError(f"a layer of the file has another shape: {[tuple(weight.shape) for weight in weights]}")
    for there, here in pairs:
        there.data.copy_(here)
    return weights[len(targets)] if len(weights) > len(targets) else None


def _measuring(offset: Tensor) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    """A hook before a normalisation: it takes the statistics of what comes in, and will answer that plus `offset`."""

    def measure(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, _Norm) and norm.running_mean is not None and norm.running_var is not None
        axes = [axis for axis in range(inputs[0].ndim) if axis != 1]
        variance, mean = torch.var_mean(inputs[0], dim=axes, correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data.copy_((variance + norm.eps).sqrt())
        norm.bias.data.copy_(offset + mean)

    return measure
