"""Check the files that a run reads or writes before its model is loaded, so that errors appear early."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from neurontui.compute.config import RunConfig
from neurontui.compute.run_options import check_ablate_file
from neurontui.store.merge.existing_run import merged_run
from neurontui.store.os_errors import translate_os_errors
from neurontui.store.reader import require_name


def require_files(config: RunConfig, languages: Sequence[str]) -> None:
    """Raise InputError if the CSV file of --ablate is invalid, StoreError if the results file cannot be used."""
    check_ablate_file(config, languages)
    require_name(config.out)
    merged_run(config.out, key="")  # no run has this key; this checks that the file can be read
    _require_writable(config.out)


def _require_writable(results: Path) -> None:
    folder = results.absolute().parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with translate_os_errors(results):
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:  # name the folder, not the temporary file
            raise OSError(error.errno, error.strerror, str(folder)) from None
