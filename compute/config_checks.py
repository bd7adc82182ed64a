"""Options of a run that do not fit together. Each check raises UsageError."""

from typing import TYPE_CHECKING

from neurontui.compute.ablation.values import parse_values, require_scope
from neurontui.store.errors import UsageError

if TYPE_CHECKING:
    from neurontui.compute.config import RunConfig


def require_fitting(config: "RunConfig") -> None:
    """Raise UsageError if options exclude one another, or need one that is missing."""
    if not config.thresholds:
        raise UsageError("--thresholds requires at least one number, such as 0,0.1,0.2.")
    if len(set(config.thresholds)) < len(config.thresholds):
        raise UsageError("--thresholds repeats a number, so its neurons would be counted twice; give each number once.")
    if config.system is not None and not config.chat:
        raise UsageError("--system is the system text of a chat; add --chat.")
    _check_token(config)
    require_scope(parse_values(config.ablation_value), config.ablation_scope)
    _check_gradient(config)
    own_neurons = config.ablate is not None or config.ablate_neurons is not None
    if own_neurons and "ablation" not in config.measures:
        raise UsageError("--ablate and --ablate-sql select neurons of an ablation; add ablation to --measures.")
    _check_sets(config)
    _check_corpus(config)
    if config.engine == "local" and (config.address is not None or config.workers is not None):
        raise UsageError("--address and --workers require --engine ray.")


def _check_gradient(config: "RunConfig") -> None:
    if "gradient" not in config.measures:
        if config.truth_neurons:
            raise UsageError("--truth-neurons compares the gradient with exact effects; add gradient to --measures.")
        return
    if config.token == "first-generated":  # noqa: S105 - a position, not a secret
        raise UsageError(
            "The gradient is that of the answer, which has already begun at --token first-generated; remove "
            "gradient from --measures, or use --token last."
        )
    if not config.neuron_scores:
        raise UsageError("The gradient is stored by neuron; remove gradient from --measures, or --no-neuron-scores.")


def _check_sets(config: "RunConfig") -> None:
    if config.ablation_sets and "ablation" not in config.measures:
        raise UsageError("--ablation-sets selects neurons of an ablation; add ablation to --measures.")
    rules = config.ablation_sets or ()
    if len(set(rules)) < len(rules):
        raise UsageError("--ablation-sets repeats a rule; give each rule once.")
    if config.ablation_prompt_baseline and "ablation" not in config.measures:
        raise UsageError("--ablation-prompt-baseline is a condition of an ablation; add ablation to --measures.")
    if not 0 < config.ablation_set_share <= 1:
        raise UsageError("--ablation-set-share must be above 0 and at most 1.")
    if "none" in config.ablation_types and len(config.ablation_types) > 1:
        raise UsageError("--ablation-types none excludes all types; name either types or none.")
    if "gradient" in rules and config.token == "first-generated":  # noqa: S105
        raise UsageError(
            "--ablation-sets gradient differentiates the answer, which has already begun at --token "
            "first-generated; use another rule, or --token last."
        )
    if "effective-score" in rules and config.token == "first-generated":  # noqa: S105
        raise UsageError(
            "--ablation-sets effective-score projects on the first token of the answer, which is already written "
            "at --token first-generated; use another rule, or --token last."
        )


def _check_corpus(config: "RunConfig") -> None:
    if config.task != "corpus":
        return
    needed = {
        "measures": config.measures == ("types",),
        "token": config.token == "last",  # noqa: S105
        "thresholds": len(config.thresholds) == 1,
        "chat": not config.chat,
        "shots": not config.shots,
        "native-wrapper": not config.native_wrapper,
        "token-values": not config.token_values,
        "density": not config.density,
        "truth-neurons": not config.truth_neurons,
    }
    for name, fits in needed.items():
        if not fits:
            raise UsageError(
                f"--{name} is about prompts and answers, and the task corpus has only texts"
                f"{', at one threshold' if name == 'thresholds' else ''}; omit it."
            )


def _check_token(config: "RunConfig") -> None:
    if config.token == "last":  # noqa: S105 - a position, not a secret
        return
    if config.ablation_scope == "last" and "ablation" in config.measures:
        raise UsageError(
            f"--token {config.token} measures at another token than --ablation-scope last ablates; use "
            "--ablation-scope all, or --token last."
        )
    if config.encoder_token != "last" and config.token == "subject":  # noqa: S105
        raise UsageError("--token subject is also the token of an encoder; omit --encoder-token.")
    if config.token == "first-generated" and "attribution" in config.measures:  # noqa: S105
        raise UsageError(
            "Effective scores project on the first token of the answer, which is already written at --token "
            "first-generated; use --measures contribution, or --token last."
        )
