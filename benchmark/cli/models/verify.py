"""Defines `mswal-bench model verify`, which checks every byte of a model bundle."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Check every byte of a bundle.",
    examples=(("before you predict with it", "mswal-bench model verify nnunet-v2.mswal"),),
)
@click.argument("bundle", type=click.Path(path_type=Path))
def verify(bundle: Path) -> None:
    """Check that the model bundle BUNDLE is whole, and can predict with what is installed here.

    Every member is compared with its digest, plans with what the method writes, and the shape of every tensor with the
    network of the plans. Nothing is unpacked, and nothing in it can be run. What is wrong is told with a code that does
    not change, and exits with 1.
    """
    import tempfile

    from mswal_bench.benchmark.core.scratch_folder import scratch_folder
    from mswal_bench.benchmark.models.bundle_model import check_shapes, open_bundle
    from mswal_bench.benchmark.models.model_text import verified_text

    model = open_bundle(bundle, progress=True)
    with scratch_folder(Path(tempfile.gettempdir()), private=True) as scratch:
        check_shapes(model, scratch)
    click.echo(verified_text(model.bundle))
