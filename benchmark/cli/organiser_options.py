"""Defines the options that name the organiser's key: the private half signs, the public half checks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mswal_bench.benchmark.records.organiser_key import PublicKey, SigningKey

KEY_VARIABLE = "MSWAL_BENCH_KEY"
"""Says where the private key lies, where --key does not."""

organiser_option = click.option(
    "--organiser",
    metavar="KEY.pub",
    type=click.Path(path_type=Path),
    envvar="MSWAL_BENCH_ORGANISER",
    show_envvar=True,
    help="The organiser's public key, by which signatures are checked.  [default: that in the results folder]",
)


def organiser_of_option(path: Path | None) -> PublicKey | None:
    """Reads the key of --organiser. Raises BenchError for a file that is none."""
    from mswal_bench.benchmark.records.organiser_key import read_public_key

    return None if path is None else read_public_key(path)


def signing_key_of_option(path: Path) -> SigningKey:
    """Reads the key of --key. Raises BenchError for a file that is none."""
    from mswal_bench.benchmark.records.organiser_key import read_signing_key

    return read_signing_key(path)
