"""A mapping of real XNLI files gives the prompts of the built-in task."""

from pathlib import Path

from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task
from tests.compute.tasks.mapped import look_alikes

XNLI = """
[data]
files = "test-{language}.tsv"
header = ["premise", "hypothesis"]
quotes = false

[rows]
cluster = "premise"

[example]
prompt = '''
Take the following as truth: {premise} Then the following statement: '{hypothesis}' is 'true', 'false', or \
'inconclusive'?'''
"""


def test_xnli_as_a_mapping_has_the_same_prompts_and_clusters(real_data: Path, tmp_path: Path) -> None:
    mapping = look_alikes.write(tmp_path / "mine.toml", XNLI.replace("\\\n", ""))
    options = TaskOptions(data=real_data / "xnli" / "mesh_xtreme", languages=("en", "de", "th"))
    built_in, mapped = load_task("xnli", options).examples, load_task(str(mapping), options).examples
    assert len(mapped) == 5010
    assert [example.prompts for example in mapped] == [example.prompts for example in built_in]
    clusters = {(one.cluster, other.cluster) for one, other in zip(built_in, mapped, strict=True)}
    assert len(clusters) == len({one for one, _ in clusters}) == len({other for _, other in clusters})
