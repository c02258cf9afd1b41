"""Several processes that train one network: each learns from its own batches, their gradients are averaged.

On two CPU cores two processes of one thread each learn from 255 crops in a second where one of two threads learns
from 205: the pictures are drawn side by side too. `python -m training.together 2 training.embedder.train ...` starts
two; torch's own starter would do, but for an option of its own that it takes `--start` for.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

import torch
from torch import distributed, nn

_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Together:
    """rank: this process's number from 0. size: how many there are."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process prints and writes."""
        return self.rank == 0

    def average_gradients(self, model: nn.Module) -> None:
        """Give every process the mean of all processes' gradients; all must call it at the same step."""
        if self.size == 1:
            return
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, parts, strict=True):
            gradient.copy_(mean.view(gradient.shape))

    def wait(self) -> None:
        """Wait until every process has come here."""
        if self.size > 1:
            distributed.barrier()

    def agree(self, model: nn.Module) -> None:
        """Give every process the mean of all processes' weights and buffers; all must call it at the same step."""
        if self.size == 1:
            return
        for value in [*model.parameters(), *model.buffers()]:
            assert value.is_floating_point()
            distributed.all_reduce(value.data)
            value.data /= self.size


def tell(line: str) -> None:
    """Print a line in one piece: `print` may write its end apart, and another process's line comes between."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


ALONE = Together()


def join() -> Together:
    """Join the processes that `main` started, or be the only one.

    By the variables RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torch's own starter sets them.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    distributed.init_process_group("gloo")
    # Its threads, if they still run when the interpreter ends, abort the process now and then.
    atexit.register(distributed.destroy_process_group)
    return Together(distributed.get_rank(), size)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str]) -> int:
    """Run `arguments[1:]` (a module and its arguments) in `arguments[0]` processes; 1 if one of them failed."""
    if len(arguments) < 2 or not arguments[0].isdecimal() or int(arguments[0]) < 1:
        print("usage: python -m training.together PROCESSES MODULE [ARGUMENT ...]", file=sys.stderr)
        return 2
    shared = os.environ | {"WORLD_SIZE": arguments[0], "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    running = [
        subprocess.Popen([sys.executable, "-m", *arguments[1:]], env=shared | {"RANK": str(rank)})
        for rank in range(int(arguments[0]))
    ]
    try:
        # One that fails leaves the others waiting for its gradients: then all are ended.
        while any(process.poll() is None for process in running):
            if any(process.returncode for process in running):
                break
            time.sleep(_LOOK_S)
        return int(any(process.returncode for process in running))
    finally:
        for process in running:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
