"""Everything a user can choose about a run: type, default, group, help and limits of each option, and their checks.

`neurontui run` makes its options from these fields, and files of runs check their values by `value_fault`.
Imports neither torch nor the command line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from neurontui.compute.config_checks import require_fitting
from neurontui.compute.setting import GROUPS, Setting, option, setting_of, value_fault
from neurontui.store.errors import UsageError
from neurontui.store.neuron_sets.folder import neurons_file

RANDOM_FRACTIONS = (0.05, 0.15, 0.25, 0.55, 0.75)
DOSES = (0.01, 0.02, 0.05)


@dataclass(frozen=True)
class RunConfig:
    """One model on one task. Raises UsageError if a value is invalid."""

    model: Annotated[str, Setting("Model", "Model id on the Hugging Face hub, a local folder, or a GGUF file.", "M")]
    task: Annotated[
        str,
        Setting(
            "Task",
            "xnli, fact, ke-en-all, ke-all-en, a data set that `neurontui tasks` lists, a task file (.jsonl, .json, "
            ".csv, .tsv), a mapping of a data set (.toml), or corpus, for plain texts.",
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
    passage_tokens: Annotated[
        int,
        Setting(
            "Task",
            "Corpus: most tokens of a passage, into which longer texts are cut, up to the model's positions; "
            "default: 512.",
            "N", low=8, high=1 << 20,
        ),
    ] = 512  # fmt: skip
    precision_texts: Annotated[
        int,
        Setting(
            "Task",
            "Corpus: texts of each language from which the average precision of neurons is computed, which are read "
            "once more; 0: none; default: 200.",
            "N", low=0, high=1 << 20,
        ),
    ] = 200  # fmt: skip
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

    density: Annotated[
        bool | None,
        Setting(
            "Measures",
            "Also store a histogram of each neuron's activation at the token of measurement in each language; "
            "default: up to 1 million neurons times languages.",
            off="no-density",
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
            "Ablate only these types and their controls, or none of them, for other sets; default: "
            "all-shared,partial-shared,specific,non-activated.",
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
            "Ablate your own neurons: a CSV or JSON file with the columns layer, neuron, and optionally language for "
            "a set for each language; or the name of a set of the results file (`neurontui sets`).",
            "FILE|NAME",
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

    @property
    def ablate_file(self) -> Path | None:
        """The file of --ablate, also for the name of a set. Raises UsageError if there is neither file nor set."""
        return None if self.ablate is None else neurons_file(self.ablate, self.out)

    def __post_init__(self) -> None:
        for name, kind in field_types().items():
            fault = value_fault(kind, getattr(self, name))
            if fault:
                raise UsageError(f"{option(name)} {fault}.")
        require_fitting(self)


@cache
def field_types() -> Mapping[str, Any]:
    """The annotated type of each field of RunConfig that is an option, in the order of GROUPS."""
    hints = get_type_hints(RunConfig, include_extras=True)
    settings = {name: setting for name, kind in hints.items() if (setting := setting_of(kind))}
    return {name: hints[name] for name in sorted(settings, key=lambda name: GROUPS.index(settings[name].group))}
