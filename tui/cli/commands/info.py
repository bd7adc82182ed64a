"""`neurontui info`: runs and sizes of a results file, and a check of its tables."""

from pathlib import Path

import click

from neurontui.tui.cli.messages import say
from neurontui.tui.cli.options import results_argument


@click.command("info", short_help="Show runs, sizes and health of a results file.")
@results_argument
@click.option("--verify", is_flag=True, help="Also check every table against its checksum; reads the whole file.")
def command(results: Path, verify: bool) -> None:
    """Show the runs in RESULTS, runs that are not merged yet, and the size of each table."""
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
        raise StoreError(
            f"{results} is damaged: {len(faults)} tables differ from the merged data; measure those runs again."
        )
    say(f"{results}: all tables match their checksums")
