"""One session of a made-up run, to be killed by tests: python -m tests.store.session RESULTS SEED."""

import sys
from pathlib import Path

from neurontui.store.journal.journal import Journal
from neurontui.store.merge.existing_run import merged_run
from neurontui.store.merge.merge import merge
from tests.store.conftest import measure
from tests.store.made_up import MadeUp


def run_of(seed: int) -> MadeUp:
    """The run that a session with this seed measures."""
    return MadeUp(seed=seed, neurons=20, examples=10, batch=2)


def main() -> None:
    """Measure and merge unless the run is there already; says `ready` before it touches the disk."""
    results, seed = Path(sys.argv[1]), int(sys.argv[2])
    run = run_of(seed)
    for examples in run.batches:
        run.shards(examples)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with Journal.open(results, run.manifest) as journal:
        if merged_run(results, run.manifest.key) is not None:
            journal.discard()
            return
    measure(run, results)
    sys.stdout.write("merging\n")
    sys.stdout.flush()
    merge(journal.path, results)


if __name__ == "__main__":
    main()
