"""Defines `mswal-bench data download`, which gets the public release from the Hugging Face hub."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mswal_bench.benchmark.cli import STOPPED
from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Download the public release of MSWAL.",
    examples=(
        ("images and labels of the 484 cases", "mswal-bench data download MSWAL"),
        ("labels alone, to count lesions", "mswal-bench data download MSWAL --labels-only"),
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--revision",
    default=None,
    help="Another commit, tag or branch of the data set than the one everybody works on.",
)
@click.option("--labels-only", is_flag=True, help="Leave the images out; called without it later, they come too.")
def download(folder: Path, revision: str | None, labels_only: bool) -> None:
    """Download the public release of MSWAL (the 484 training cases) from the Hugging Face hub into DIR.

    Every file is checked against the size and the digest that the hub lists. Called again, whatever stopped it, it
    fetches what is missing or wrong, from the byte it stopped at. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are
    respected; nothing is written outside DIR.
    """
    from mswal_bench.benchmark.data.download.disk_room import in_bytes
    from mswal_bench.benchmark.data.download.download_release import download_release
    from mswal_bench.benchmark.data.download.hub import Hub
    from mswal_bench.benchmark.data.download.release import REVISION

    hub = Hub()
    click.echo(f"The data set has its publisher's terms. Check them before you use it: {hub.page}")
    try:
        done = download_release(folder, hub, revision=revision or REVISION, labels_only=labels_only)
    except KeyboardInterrupt:
        click.echo("\nstopped; the same command goes on where it stopped", err=True)
        sys.exit(STOPPED)
    if done.replaced:
        click.echo(f"not as released, so fetched anew: {', '.join(done.replaced)}")
    size, fetched = (in_bytes(sum(file.size for file in files)) for files in (done.files, done.fetched))
    click.echo(f"{done.release.repository} at {done.release.commit}: {len(done.files)} files, {size}, all as listed")
    click.echo(f"fetched now: {len(done.fetched)} files, {fetched}" if done.fetched else "nothing was left to fetch")
