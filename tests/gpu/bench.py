"""Speed and memory at the shape of a 7B model with random bfloat16 weights; tiny shapes on a CPU."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import torch

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.tables import ablation_tables
from neurontui.compute.answers.predict import AnswerOptions, predict
from neurontui.compute.answers.targets import answer_book, find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.engines.local import measure_into
from neurontui.compute.estimate.estimate import estimate
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.measurer import Ablation, Measurer
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import encode
from neurontui.compute.tasks.example import TaskData
from tests.benchmarks.bare_pass import bare
from tests.benchmarks.memory import peak_memory
from tests.benchmarks.workload import Workload, workload
from tests.gpu.models import Setting
from tests.gpu.table import MEASURED, Table

WORDS = ("Paris", "ist başkenti", "capital", "is Paris ist")
_NO_ABLATION = AblationOptions(types=(), fractions=(), matched=(), dosed=())
ABLATED = {
    "one type": replace(_NO_ABLATION, types=("all-shared",)),
    "a random share": replace(_NO_ABLATION, fractions=(0.25,), seeds=1),
    "a type and its control": replace(_NO_ABLATION, types=("specific",), matched=("specific",)),
}


@dataclass(frozen=True)
class Timed:
    """Seconds, and peak memory in addition to what was held before, in bytes."""

    seconds: float
    memory: int


@dataclass
class Bench:
    """One model, its prompts, and what was measured so far, for ratios."""

    setting: Setting
    architecture: str
    timed: dict[str, Timed] = field(default_factory=dict)

    @cached_property
    def work(self) -> Workload:
        """Built when it is first used."""
        layers = {"bloom": 30, "llama": 32}[self.architecture] if self.setting.cuda else 2
        hidden = 4096 if self.setting.cuda else 64
        work = workload(self.architecture, self.setting.device, hidden, 64 if self.setting.cuda else 2, layers)
        return replace(work, batch=_answered(work.batch))

    @cached_property
    def n_tokens(self) -> int:
        """Real tokens of the batch."""
        return sum(len(prompt) for prompt in encode(self.work.loaded, self.work.batch.prompts))

    def config(self, *measures: str, **options: object) -> RunConfig:
        """The options of a run."""
        config = RunConfig(
            model="", task="", out=self.setting.folder / "r.duckdb", measures=measures, max_new_tokens=4,
            batch_tokens=self.work.token_budget,
        )  # fmt: skip
        return replace(config, **options)  # type: ignore[arg-type]

    def time(self, name: str, run: Callable[[], object]) -> Timed:
        """Seconds until the device is done; the second of two times, because the first one loads kernels."""
        run()
        self._wait()
        with peak_memory(self.setting.device) as peak:
            began = time.perf_counter()
            run()
            self._wait()
            seconds = time.perf_counter() - began
        self.timed[name] = Timed(seconds, peak.bytes)
        return self.timed[name]

    def speed(self, name: str, run: Callable[[], object], base: str | None = None) -> str:
        """Tokens a second, memory, and the ratio to something timed earlier."""
        timed = self.time(name, run)
        ratio = f"{timed.seconds / self.timed[base].seconds:.2f} × {base}; " if base in self.timed else ""
        return f"{ratio}{self.n_tokens / timed.seconds:,.0f} tokens/s; {timed.memory / 1e9:.2f} GB above the weights"

    def _wait(self) -> None:
        if self.setting.cuda:
            torch.cuda.synchronize(self.setting.device)


ARCHITECTURES = ("bloom", "llama")


def benchmark(table: Table, setting: Setting, names: Collection[str] = ARCHITECTURES) -> None:
    """All rows, of an ungated and a gated model."""
    for architecture in filter(names.__contains__, ARCHITECTURES):
        bench = Bench(setting, architecture)
        for what, row in ROWS.items():
            table.check(f"benchmark, {architecture}", what, partial(row, bench), MEASURED)
        vars(bench).clear()  # frees the model before the next one is built


def _model(bench: Bench) -> str:
    work = bench.work
    billions = work.loaded.facts.n_parameters / 1e9
    return f"{work.name}; {billions:.2f} billion parameters in blocks; {bench.n_tokens:,} tokens in a batch"


def _forward(bench: Bench) -> str:
    text = bench.speed("base forward", lambda: bare(bench.work, bench.work.batch))
    operations = 2 * bench.work.loaded.facts.n_parameters * bench.n_tokens
    peak = _matmul_peak(bench)
    share = operations / bench.timed["base forward"].seconds / peak
    return f"{text}; {share:.0%} of the matrix product's peak, {peak / 1e12:.3g} TFLOP/s"


def _matmul_peak(bench: Bench) -> float:
    """Operations a second of a large product, without what attention and norms need."""
    size = 8192 if bench.setting.cuda else 256
    left, right = (
        torch.randn(size, size, device=bench.setting.device).to(bench.work.loaded.torch_dtype) for _ in range(2)
    )
    seconds = [bench.time("product", lambda: left @ right).seconds for _ in range(5)]
    return float(2 * size**3 / min(seconds))


def _measurer(bench: Bench, config: RunConfig, *, answered: bool) -> Measurer:
    examples = bench.work.batch.examples if answered else ()
    book = answer_book(bench.work.loaded, examples, bench.work.batch.languages)
    return Measurer(config, bench.work.loaded, book, Ablation())


def _measures(bench: Bench, measures: tuple[str, ...], *, answered: bool = False, every_token: bool = True) -> str:
    config = bench.config(*measures, every_token=every_token)

    def run() -> None:
        _drain(_measurer(bench, config, answered=answered), bench.work.batch)

    return bench.speed("measures", run, "base forward")


def _drain(measurer: Measurer, batch: Batch) -> None:
    for _ in measurer(batch):
        pass


def _answers(bench: Bench) -> str:
    work = bench.work
    targets = find_targets(work.loaded, work.batch, answer_book(work.loaded, work.batch.examples, work.batch.languages))
    options = AnswerOptions(4, work.token_budget)
    return bench.speed("answers", lambda: predict(work.loaded, work.batch, targets, options), "base forward")


def _journal(bench: Bench) -> str:
    number = 0

    def write() -> None:
        nonlocal number
        number += 1
        measurer = _measurer(bench, bench.config("types"), answered=False)
        shards = bench.setting.folder / bench.architecture / f"batch-{number:06d}"
        measure_into(shards, measurer, bench.work.batch)

    text = bench.speed("journal", write, "base forward")
    masks = bench.work.n_neurons * len(bench.work.batch.examples)
    return f"{masks / bench.timed['journal'].seconds / 1e6:.1f} M masks/s; {text}"


@torch.inference_mode()
def _ablation(bench: Bench) -> str:
    work, n = bench.work, 16 if bench.setting.cuda else 2
    batch = work.batch.only(range(n))
    captured = capture(work.loaded, batch, CaptureOptions(token_budget=work.token_budget, any_token=False))
    masks = [pack_tensor(activations > 0) for activations in captured.activations]
    targets = find_targets(work.loaded, batch, answer_book(work.loaded, batch.examples, batch.languages))
    answers = AnswerOptions(4, work.token_budget)

    def seconds(options: AblationOptions, first: int) -> float:
        options = replace(options, answers=answers)
        conditions = plan_conditions(options, work.loaded.layers, len(batch.languages))[first:]
        run = lambda: ablation_tables(work.loaded, batch, captured, masks, conditions, targets, options)  # noqa: E731
        return bench.time("ablation", run).seconds / len(conditions)

    base = seconds(_NO_ABLATION, 0)
    ratios = [f"{name} {seconds(options, 1) / base:.2f}" for name, options in ABLATED.items()]
    return f"one condition × its baseline of {base:.2f} s: {', '.join(ratios)}"


def _estimate(bench: Bench) -> str:
    config, batch = bench.config("types", "attribution"), bench.work.batch
    data = TaskData("benchmark", None, 0, batch.languages, batch.examples)
    said = estimate(config, data, bench.work.loaded).working
    peak = bench.time("estimate", lambda: _drain(_measurer(bench, config, answered=True), batch)).memory
    return f"estimated {said / 1e9:.2f} GB, measured {peak / 1e9:.2f} GB: {said / max(1, peak):.2f}"


ROWS: dict[str, Callable[[Bench], str]] = {
    "the model": _model,
    "base forward": _forward,
    "types": partial(_measures, measures=("types",)),
    "types, last token only": partial(_measures, measures=("types",), every_token=False),
    "types, contribution scores": partial(_measures, measures=("types", "contribution")),
    "answers": _answers,
    "types, both scores, answers": partial(_measures, measures=("types", "attribution"), answered=True),
    "types into the journal": _journal,
    "ablation": _ablation,
    "estimate of memory": _estimate,
}


def _answered(batch: Batch) -> Batch:
    """The batch with answers of one to three words and four choices, as capitals have."""
    examples = tuple(
        replace(
            example,
            answers=dict.fromkeys(batch.languages, WORDS[i % 4]),
            choices=dict.fromkeys(batch.languages, WORDS),
        )
        for i, example in enumerate(batch.examples)
    )
    return replace(batch, examples=examples)
