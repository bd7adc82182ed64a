"""`neurontui info`: what a results file holds, and whether it is sound."""

from pathlib import Path

import click

from neurontui.tui.cli.messages import say
from neurontui.tui.cli.options import results_argument


@click.command("info", short_help="Runs, sizes and health of a results file.")
@results_argument
@click.option("--verify", is_flag=True, help="Also check every table against its checksum; reads it all.")
def command(results: Path, verify: bool) -> None:
    """Say what RESULTS holds: its runs, those still being measured, and the size of every table."""
    from neurontui.store.errors import StoreError
    from neurontui.store.reader import open_reader
    from neurontui.tui.cli.info_text import print_info

    print_info(results)
    if not verify:
        return
    from neurontui.store.admin.verify import verify as verify_tables

    with open_reader(results) as reader:
        faults = verify_tables(reader)
    for fault in faults:
        click.echo(str(fault))
    if faults:
        raise StoreError(f"{results} is damaged: {len(faults)} of its tables differ from what was merged.")
    say(f"{results}: every table is as it was merged")
