"""Files that a run reads or writes, checked before its model is loaded: a fault must not show hours later."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from neurontui.compute.config import RunConfig
from neurontui.compute.run_options import check_ablate_file
from neurontui.store.merge.existing_run import merged_run
from neurontui.store.os_errors import translate_os_errors
from neurontui.store.reader import require_name


def require_files(config: RunConfig, languages: Sequence[str]) -> None:
    """Raise InputError for a CSV file of --ablate, StoreError for a results file or folder, that cannot be used."""
    check_ablate_file(config, languages)
    require_name(config.out)
    merged_run(config.out, key="")  # no run has this key: only whether the file can be read
    _require_writable(config.out)


def _require_writable(results: Path) -> None:
    folder = results.absolute().parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with translate_os_errors(results):
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:  # about the folder, not about our file in it
            raise OSError(error.errno, error.strerror, str(folder)) from None
