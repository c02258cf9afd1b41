"""What every role's `python -m training.ROLE.train` takes on its command line."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path


def parser_of(
    module: str, doc: str | None, *, data: str, data_needed: bool = True, teachers_needed: bool = True
) -> ArgumentParser:
    """A parser with the options of all roles.

    module: `__file__` of the caller, beside which the role's config.toml lies. data: what --data is to hold.
    """
    parser = ArgumentParser(description=doc)
    parser.add_argument("--config", type=Path, default=Path(module).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=data_needed, help=data)
    parser.add_argument("--teachers", type=Path, required=teachers_needed, help="folder of the teachers' manifest")
    parser.add_argument("--work", type=Path, required=True, help="folder for labels, checkpoints and models")
    parser.add_argument(
        "--start", type=Path, help="checkpoint or weights of an earlier run, or a pack's fp32 file, to begin with"
    )
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint in --work")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    return parser
