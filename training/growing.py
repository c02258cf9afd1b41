"""Weights of a narrower network for a wider one that begins as the same function."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


def widened(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """`weights` with every tensor brought to the shape that `network` has for that name.

    Channels that are new have the network's own first weights, and what was there before does not see them at the
    start: its weights for them are zero. So the old channels compute what they did, and the new ones learn from the
    second step on. Tensors of more axes, or longer ones, than the network's stay as they are (and will not load).
    """
    grown = {}
    for name, here in network.state_dict().items():
        there = weights.get(name)
        if there is None or there.shape == here.shape or there.ndim != here.ndim:
            continue
        if any(small > large for small, large in zip(there.shape, here.shape, strict=True)):
            continue
        fresh = here.clone()
        if there.ndim > 1:
            fresh[: there.shape[0]] = 0
        fresh[tuple(slice(size) for size in there.shape)] = there
        grown[name] = fresh
    return {**weights, **grown}
