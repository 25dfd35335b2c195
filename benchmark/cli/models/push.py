"""Defines `mswal-bench model push`, which uploads a model bundle to a hub."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Upload a bundle to the Hugging Face hub.",
    examples=(
        ("see first what would be uploaded", "mswal-bench model push nnunet-v2.mswal hf:OWNER/NAME --dry-run"),
        ("upload it", "mswal-bench model push nnunet-v2.mswal hf:OWNER/NAME"),
    ),
)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("address")
@click.option("--public", is_flag=True, help="Make the model public, where it is made by this call; else private.")
@click.option("--dry-run", is_flag=True, help="Say what would be uploaded, and upload nothing.")
@click.option("--message", help="That of the commit.  [default: Push BUNDLE]")
def push(bundle: Path, address: str, public: bool, dry_run: bool, message: str | None) -> None:
    """Upload the model bundle BUNDLE to ADDRESS, hf:OWNER/NAME: one commit with the bundle and its model card.

    Every byte of the bundle is checked first. A model that is not there is made, private unless --public; one that is
    there stays private or public as it is. A bundle of another name in it is replaced, and stays in its own commit.
    The address with the new commit is printed.

    The token is that of HF_TOKEN or of `hf auth login`, and must be one that may write. HF_ENDPOINT names another hub.
    """
    from mswal_bench.benchmark.models.hub_address import parse_hub_address
    from mswal_bench.benchmark.models.push_model import push_model
    from mswal_bench.benchmark.models.push_plan import plan_push
    from mswal_bench.benchmark.tables.escaping import plain_text

    def say(text: str, err: bool = True) -> None:
        # Names of files and warnings are the hub's: lines stay lines, and nothing in them steers the terminal.
        click.echo("\n".join(map(plain_text, text.splitlines())), err=err)

    plan = plan_push(bundle, parse_hub_address(address), public=public, progress=True)
    say(plan.text(), err=not dry_run)
    if dry_run:
        say("nothing would be uploaded: it is there already" if plan.is_done else "nothing was uploaded", err=False)
        return
    if plan.is_done:
        say("nothing was uploaded: it is there already")
    pushed = push_model(plan, message=message, announce=say)
    say(pushed.page())
    click.echo(str(pushed))
