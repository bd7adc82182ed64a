"""Everything a user can choose about a run: type, default, group, help and limits of each option, and their checks.

`neurontui run` makes its options from these fields, and files of runs check their values by `value_fault`.
Imports neither torch nor the command line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from neurontui.compute.ablation.values import parse_values, require_scope
from neurontui.store.errors import UsageError

RANDOM_FRACTIONS = (0.05, 0.15, 0.25, 0.55, 0.75)
DOSES = (0.01, 0.02, 0.05)

GROUPS = ("Model", "Task", "Measures", "Scores", "Ablation", "Answers", "Hardware", "Output")
"""Groups of options, in the order of `neurontui run --help`."""

AT_MOST_63_BITS = 2**63 - 1


@dataclass(frozen=True)
class Setting:
    """What `neurontui run --help` shows of a field, and the limits of its value."""

    group: str
    help: str
    metavar: str | None = None
    low: int | None = None
    high: int | None = None
    off: str | None = None
    """The option that sets a boolean to false; without it the option only sets true."""


@dataclass(frozen=True)
class RunConfig:
    """One model on one task. Raises UsageError if a value is invalid."""

    model: Annotated[str, Setting("Model", "Model id on the Hugging Face hub, a local folder, or a GGUF file.", "M")]
    task: Annotated[
        str,
        Setting(
            "Task",
            "xnli, fact, ke-en-all, ke-all-en, a data set that `neurontui tasks` lists, a task file (.jsonl, .json, "
            ".csv, .tsv), or a mapping of a data set (.toml).",
            "T",
        ),
    ]
    out: Annotated[Path, Setting("Output", "Results file; created if it does not exist.", "RESULTS")]

    revision: Annotated[str | None, Setting("Model", "Commit, tag or branch of the model on the hub.")] = None
    bos: Annotated[
        Literal["keep", "add"] | None,
        Setting(
            "Model",
            "If a prompt has no BOS token or two: keep it as it is, or add so that there is exactly one; "
            "default: stop with an error.",
        ),
    ] = None
    chat: Annotated[
        bool, Setting("Model", "Format each prompt as the user's turn in the model's own chat template.")
    ] = False
    system: Annotated[str | None, Setting("Model", "System text of the chat; default: the template's.", "TEXT")] = None
    activation: Annotated[
        Literal["gate", "product"],
        Setting("Model", "Activation of a gated FFN: act(gate), or act(gate)·up; default: gate."),
    ] = "gate"
    encoder_token: Annotated[
        Literal["last", "before-eos"], Setting("Model", "Token at which an encoder is measured; default: last.")
    ] = "last"  # noqa: S105 - a position, not a secret
    token: Annotated[
        Literal["last", "subject", "first-generated"],
        Setting(
            "Measures",
            "Token at which activity is measured: the last of the prompt, the last of its subject, or the first that "
            "the model generates; default: last.",
        ),
    ] = "last"  # noqa: S105
    allow_bin: Annotated[
        bool, Setting("Model", "Accept pickled weights (loaded with weights_only) if there are no safetensors.")
    ] = False
    allow_links: Annotated[
        bool,
        Setting(
            "Model",
            "Follow symbolic links out of the model's folder, for models stored on another disk; use only for "
            "folders that you trust.",
        ),
    ] = False

    data: Annotated[
        Path | None, Setting("Task", "Folder or file with the task's data; default: download it.", "PATH")
    ] = None
    languages: Annotated[
        tuple[str, ...] | None,
        Setting(
            "Task",
            "Languages in the order of the mask's bits, as de or deu_Latn; default: all languages of the task.",
            "EN,DE,…",
        ),
    ] = None
    limit: Annotated[int | None, Setting("Task", "Only the first N examples.", "N", low=1)] = None
    shots: Annotated[int, Setting("Task", "Demonstrations before each prompt; default: 0.", low=0, high=64)] = 0
    native_wrapper: Annotated[
        bool,
        Setting(
            "Task",
            "Instructions in the language of the prompt; default: English, as in the paper.",
            off="english-wrapper",
        ),
    ] = False
    skip_bad: Annotated[bool, Setting("Task", "Skip and count examples that cannot be measured.")] = False

    measures: Annotated[
        tuple[Literal["types", "contribution", "attribution", "gradient", "ablation"], ...],
        Setting("Measures", "types, contribution, attribution, gradient, ablation; default: types.", "LIST"),
    ] = ("types",)
    """Types are always measured. attribution: contribution and effective scores. It needs answers, as gradient does."""
    thresholds: Annotated[
        tuple[float, ...],
        Setting(
            "Measures",
            "A neuron is active above this value; the first threshold defines the types, the others are counted "
            "in the histogram; default: 0.",
            "0,0.1,…",
        ),
    ] = (0.0,)
    every_token: Annotated[
        bool,
        Setting("Measures", "Also count activity at every prompt token; default: yes.", off="last-token-only"),
    ] = True
    """Fig. 6 and language entropy need it."""

    token_values: Annotated[
        bool | None,
        Setting(
            "Measures",
            "Also store each neuron's activation at every token of its strongest inputs; default: in runs where these "
            "are at most 33 million values (134 MB).",
            off="no-token-values",
        ),
    ] = None

    weight: Annotated[
        Literal["product", "gate"], Setting("Scores", "Factor of the value vectors in the scores; default: product.")
    ] = "product"
    answer_embedding: Annotated[
        Literal["output", "input"],
        Setting("Scores", "Embedding matrix that E_r of the effective score is taken from; default: output."),
    ] = "output"
    answer_token: Annotated[
        Literal["first", "mean", "first-unique"],
        Setting(
            "Scores",
            "Token of an answer with several tokens: the first, the mean of all, or the first that no other answer "
            "shares; default: first.",
        ),
    ] = "first"  # noqa: S105 - a position, not a secret
    centred: Annotated[bool, Setting("Scores", "Subtract the mean of all rows from E_r.")] = False
    contrast: Annotated[bool, Setting("Scores", "Subtract E_r of the other choices from E_r.")] = False
    final_norm: Annotated[bool, Setting("Scores", "Fold the final norm into E_r.")] = False
    post_norm: Annotated[
        bool,
        Setting(
            "Scores",
            "Include a norm or a constant factor between FFN and residual stream; default: yes.",
            off="no-post-norm",
        ),
    ] = True
    neuron_scores: Annotated[
        bool,
        Setting(
            "Scores",
            "Also sum the scores of each neuron by language; default: yes. Large for large models.",
            off="no-neuron-scores",
        ),
    ] = True
    """Writes d_m × layers × languages rows in each batch of the journal."""
    top: Annotated[
        int,
        Setting(
            "Scores",
            "Number of top neurons to keep for each example, language and layer; default: 10.",
            low=1, high=1000,
        ),
    ] = 10  # fmt: skip

    vocabulary_neurons: Annotated[
        int | None,
        Setting(
            "Scores",
            "Neurons of each layer whose promoted and suppressed tokens are stored, the most contributing and the most "
            "persistent first; default: as many as take 5 % of the run.",
            "N", low=0,
        ),
    ] = None  # fmt: skip

    truth_neurons: Annotated[
        int,
        Setting(
            "Scores",
            "Also measure the exact effect of N single neurons of each layer, chosen at random, to check the scores; "
            "default: 0.",
            "N", low=0,
        ),
    ] = 0  # fmt: skip
    truth_examples: Annotated[
        int, Setting("Scores", "Examples for --truth-neurons, the first N; default: 8.", "N", low=1)
    ] = 8

    ablation_scope: Annotated[
        Literal["all", "last"],
        Setting("Ablation", "Ablate at all positions, or at the last prompt token and generated tokens; default: all."),
    ] = "all"
    ablation_set: Annotated[
        Literal["example", "global"],
        Setting(
            "Ablation",
            "Ablate each example's own neurons of a type, or one set by majority over the examples; default: example.",
        ),
    ] = "example"
    ablation_types: Annotated[
        tuple[Literal["all-shared", "partial-shared", "specific", "non-activated", "none"], ...],
        Setting(
            "Ablation",
            "Ablate only these types and their controls, or none of them, for other sets; default: all four.",
            "TYPE,…",
        ),
    ] = ("all-shared", "partial-shared", "specific", "non-activated")
    ablation_sets: Annotated[
        tuple[Literal["lape", "average-precision", "contribution", "effective-score", "gradient"], ...] | None,
        Setting(
            "Ablation",
            "Also ablate the neurons of each language that these rules select from the run's examples: lape, "
            "average-precision, contribution, effective-score, gradient; each set is tested on other examples; "
            "default: none.",
            "RULE,…",
        ),
    ] = None
    ablation_set_share: Annotated[
        float,
        Setting("Ablation", "Size of these sets, as a share of all neurons; default: 0.01.", "0.01"),
    ] = 0.01
    ablation_sets_in_sample: Annotated[
        bool, Setting("Ablation", "Select these sets on the examples that they are tested on.")
    ] = False
    ablation_prompt_baseline: Annotated[
        bool,
        Setting(
            "Ablation",
            "Also ask for the answer in each language, by a sentence before the prompt, to compare steering with.",
        ),
    ] = False
    ablation_layers: Annotated[
        tuple[int, ...] | None, Setting("Ablation", "Only these layers; default: all.", "0,1,…")
    ] = None
    ablation_fractions: Annotated[
        tuple[float, ...],
        Setting(
            "Ablation", "Fractions of neurons in the random conditions; default: 0.05,0.15,0.25,0.55,0.75.", "0.05,…"
        ),
    ] = RANDOM_FRACTIONS
    ablation_doses: Annotated[
        tuple[float, ...],
        Setting(
            "Ablation",
            "Equal fractions of a type and of its control, used where the control is too small to match the type; "
            "default: 0.01,0.02,0.05.",
            "0.01,…",
        ),
    ] = DOSES
    ablation_seeds: Annotated[
        int, Setting("Ablation", "Seeds of each random condition; default: 3.", low=1, high=100)
    ] = 3
    ablation_examples: Annotated[
        int | None, Setting("Ablation", "Ablate only the first N examples.", "N", low=1)
    ] = None  # fmt: skip
    ablate: Annotated[
        Path | None,
        Setting(
            "Ablation",
            "Ablate your own neurons: columns layer, neuron, and optionally language for a set for each language.",
            "FILE.csv",
        ),
    ] = None
    ablate_neurons: tuple[tuple[int, int, str | None], ...] | None = None
    """Your own neurons as (layer, neuron, language); None means all languages. The result of --ablate-sql."""
    ablation_value: Annotated[
        tuple[str, ...],
        Setting(
            "Ablation",
            "What the weights of ablated neurons become; several values are compared: 0 or zero; mean, of the input's "
            "language; resample, from another example; scale:K, times K; add:K, plus K standard deviations; "
            "mean-of:LANG; patch:LANG, whole layers, from the same example in LANG; default: 0.",
            "zero,mean,…",
        ),
    ] = ("0",)

    ablation_judge: Annotated[
        Literal["teacher-forced", "generated"],
        Setting(
            "Ablation",
            "Judge answers by feeding the expected answer, or by generating one, which takes several times as long; "
            "default: teacher-forced.",
        ),
    ] = "teacher-forced"

    max_new_tokens: Annotated[
        int, Setting("Answers", "Tokens to generate for an answer; default: 8.", low=1, high=512)
    ] = 8

    dtype: Annotated[
        Literal["float32", "bfloat16", "float16"] | None,
        Setting("Hardware", "Precision; default: float32 on CPU, the model's own on a GPU."),
    ] = None
    device: Annotated[
        str | None, Setting("Hardware", "Default: the GPU if there is one, else the CPU.", "cuda|cpu")
    ] = None  # fmt: skip
    device_map: Annotated[bool, Setting("Hardware", "Spread a model that does not fit on one GPU over several.")] = (
        False
    )
    batch_tokens: Annotated[
        int, Setting("Hardware", "Tokens in one forward pass, halved when memory runs out; default: 4096.", "N", low=1)
    ] = 4096
    batch_examples: Annotated[
        int | None,
        Setting(
            "Hardware",
            "Examples in a batch of the journal; an interrupted run loses at most one batch. "
            "Default: 128 to 512, or the number that takes about five minutes.",
            "N", low=1, high=4096,
        ),
    ] = None  # fmt: skip
    examples_at_once: Annotated[
        int,
        Setting(
            "Hardware", "Examples whose activations are in memory together; default: 32.", "N", low=1, high=4096
        ),
    ] = 32  # fmt: skip
    engine: Annotated[
        Literal["local", "ray"],
        Setting("Hardware", "local: this process. ray: workers on several GPUs or machines. Default: local."),
    ] = "local"
    address: Annotated[
        str | None,
        Setting(
            "Hardware", "Address of a Ray cluster, or auto; default: Ray workers on this machine only.", "HOST:PORT"
        ),
    ] = None
    workers: Annotated[
        int | None,
        Setting("Hardware", "Ray workers; default: one for each GPU, or for each machine without GPUs.", "N",
                low=1, high=4096),
    ] = None  # fmt: skip
    gpus_a_worker: Annotated[
        int, Setting("Hardware", "GPUs of each Ray worker, for --device-map; default: 1.", "N", low=1, high=64)
    ] = 1

    name: Annotated[str | None, Setting("Output", "Name of the run; default: model · task.")] = None
    keep: Annotated[
        Literal["all", "aggregates"],
        Setting("Output", "aggregates: do not store the rows of single neurons; default: all."),
    ] = "all"
    force: Annotated[bool, Setting("Output", "Measure a run again that is in the file already, and replace it.")] = (
        False
    )
    seed: Annotated[int, Setting("Output", "Seed of every random choice; default: 0.")] = 0

    @property
    def has_scores(self) -> bool:
        """Whether contribution is measured, also only to choose the neurons of an ablation."""
        return bool({"contribution", "attribution", "ablation"} & set(self.measures))

    def __post_init__(self) -> None:
        for name, kind in field_types().items():
            fault = value_fault(kind, getattr(self, name))
            if fault:
                raise UsageError(f"{option(name)} {fault}.")
        if not self.thresholds:
            raise UsageError("--thresholds requires at least one number, such as 0,0.1,0.2.")
        if len(set(self.thresholds)) < len(self.thresholds):
            raise UsageError(
                "--thresholds repeats a number, so its neurons would be counted twice; give each number once."
            )
        if self.system is not None and not self.chat:
            raise UsageError("--system is the system text of a chat; add --chat.")
        self._check_token()
        require_scope(parse_values(self.ablation_value), self.ablation_scope)
        self._check_gradient()
        own_neurons = self.ablate is not None or self.ablate_neurons is not None
        if own_neurons and "ablation" not in self.measures:
            raise UsageError("--ablate and --ablate-sql select neurons of an ablation; add ablation to --measures.")
        self._check_sets()
        if self.engine == "local" and (self.address is not None or self.workers is not None):
            raise UsageError("--address and --workers require --engine ray.")

    def _check_gradient(self) -> None:
        if "gradient" not in self.measures:
            if self.truth_neurons:
                raise UsageError(
                    "--truth-neurons compares the gradient with exact effects; add gradient to --measures."
                )
            return
        if self.token == "first-generated":  # noqa: S105 - a position, not a secret
            raise UsageError(
                "The gradient is that of the answer, which has already begun at --token first-generated; remove "
                "gradient from --measures, or use --token last."
            )
        if not self.neuron_scores:
            raise UsageError(
                "The gradient is stored by neuron; remove gradient from --measures, or --no-neuron-scores."
            )

    def _check_sets(self) -> None:
        if self.ablation_sets and "ablation" not in self.measures:
            raise UsageError("--ablation-sets selects neurons of an ablation; add ablation to --measures.")
        rules = self.ablation_sets or ()
        if len(set(rules)) < len(rules):
            raise UsageError("--ablation-sets repeats a rule; give each rule once.")
        if self.ablation_prompt_baseline and "ablation" not in self.measures:
            raise UsageError("--ablation-prompt-baseline is a condition of an ablation; add ablation to --measures.")
        if not 0 < self.ablation_set_share <= 1:
            raise UsageError("--ablation-set-share must be above 0 and at most 1.")
        if "none" in self.ablation_types and len(self.ablation_types) > 1:
            raise UsageError("--ablation-types none excludes all types; name either types or none.")
        if "gradient" in rules and self.token == "first-generated":  # noqa: S105
            raise UsageError(
                "--ablation-sets gradient differentiates the answer, which has already begun at --token "
                "first-generated; use another rule, or --token last."
            )
        if "effective-score" in rules and self.token == "first-generated":  # noqa: S105
            raise UsageError(
                "--ablation-sets effective-score projects on the first token of the answer, which is already written "
                "at --token first-generated; use another rule, or --token last."
            )

    def _check_token(self) -> None:
        if self.token == "last":  # noqa: S105 - a position, not a secret
            return
        if self.ablation_scope == "last" and "ablation" in self.measures:
            raise UsageError(
                f"--token {self.token} measures at another token than --ablation-scope last ablates; use "
                "--ablation-scope all, or --token last."
            )
        if self.encoder_token != "last" and self.token == "subject":  # noqa: S105
            raise UsageError("--token subject is also the token of an encoder; omit --encoder-token.")
        if self.token == "first-generated" and "attribution" in self.measures:  # noqa: S105
            raise UsageError(
                "Effective scores project on the first token of the answer, which is already written at --token "
                "first-generated; use --measures contribution, or --token last."
            )


def option(field: str) -> str:
    """The option of a field on the command line."""
    return f"--{field.replace('_', '-')}"


@cache
def field_types() -> Mapping[str, Any]:
    """The annotated type of each field of RunConfig that is an option, in the order of GROUPS."""
    hints = get_type_hints(RunConfig, include_extras=True)
    settings = {name: setting for name, kind in hints.items() if (setting := setting_of(kind))}
    return {name: hints[name] for name in sorted(settings, key=lambda name: GROUPS.index(settings[name].group))}


def setting_of(kind: Any) -> Setting | None:
    """The Setting in an annotated type."""
    return next((item for item in get_args(kind) if isinstance(item, Setting)), None)


def bare_type(kind: Any) -> Any:
    """A field's type without its Setting and without None."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (UnionType, Union):
        kind = next(item for item in get_args(kind) if item is not NoneType)
    return kind


def value_fault(kind: Any, value: object) -> str:
    """What is wrong with the value of a field of annotated type `kind`, as the end of a sentence; empty if nothing."""
    inner = bare_type(kind)
    if value is None:
        return "" if NoneType in get_args(get_args(kind)[0]) else "is missing"
    if get_origin(inner) is not tuple:
        return item_fault(inner, value, setting_of(kind))
    if not isinstance(value, tuple):
        return "must be a tuple"
    item_type = get_args(inner)[0]
    return next(filter(None, (item_fault(item_type, item) for item in value)), "")


def item_fault(kind: Any, value: object, setting: Setting | None = None) -> str:
    """The same for one value of a plain type: str, Path, bool, int, float or Literal."""
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return "" if value in choices else f"must be one of {', '.join(map(repr, choices))}, not {repr(value)[:60]}"
    if kind is int:
        return _whole_number_fault(value, setting)
    if kind is float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return "must be a number"
        return "" if isfinite(value) else "must be a finite number"
    return "" if isinstance(value, kind) else f"must be {_NAMES[kind]}"


def _whole_number_fault(value: object, setting: Setting | None) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "must be a whole number"
    if abs(value) > AT_MOST_63_BITS:
        return "must be a whole number of at most 63 bits"
    low, high = (setting.low, setting.high) if setting else (None, None)
    if low is not None and value < low:
        return f"must be at least {low}"
    return f"must be at most {high}" if high is not None and value > high else ""


_NAMES = {str: "text", Path: "a path", bool: "true or false"}
