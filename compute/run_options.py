"""Options of each part of a run, from RunConfig: one function per part."""

from collections.abc import Sequence

from neurontui.compute.ablation.options import AblationOptions, UserSet
from neurontui.compute.ablation.selection.options import SelectionOptions
from neurontui.compute.ablation.user_sets import check_neurons, read_neurons
from neurontui.compute.ablation.values import parse_values
from neurontui.compute.answers.predict import AnswerOptions
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.answer_direction import DirectionOptions
from neurontui.compute.measures.attribution import AttributionOptions
from neurontui.compute.measures.gradients import BUDGET_SHARE, GradientOptions, require_gradients
from neurontui.compute.measures.truth import TruthOptions, require_exact
from neurontui.compute.models.load.load import ModelOptions
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.models.passes.capture import CaptureOptions
from neurontui.compute.tasks.example import TaskOptions
from neurontui.store.errors import InputError
from neurontui.store.journal.manifest import Layer


def task_options(config: RunConfig) -> TaskOptions:
    """Options for loading a task."""
    return TaskOptions(
        data=config.data,
        languages=config.languages,
        limit=config.limit,
        shots=config.shots,
        native_wrapper=config.native_wrapper,
    )


def model_options(config: RunConfig) -> ModelOptions:
    """Options for loading a model."""
    return ModelOptions(
        model=config.model,
        revision=config.revision,
        dtype=config.dtype,
        device=config.device,
        device_map=config.device_map,
        allow_bin=config.allow_bin,
        allow_links=config.allow_links,
        bos=config.bos,
        post_norm=config.post_norm if config.has_scores else None,
        measured_at=config.token,
        chat=config.chat,
        system=config.system,
    )


def capture_options(config: RunConfig) -> CaptureOptions:
    """Options for capturing activations."""
    return CaptureOptions(
        threshold=config.thresholds[0],
        activation=config.activation,
        any_token=config.every_token,
        token_budget=config.batch_tokens,
        encoder_token=config.encoder_token,
    )


def answer_options(config: RunConfig) -> AnswerOptions:
    """Options for generating and ranking answers."""
    return AnswerOptions(max_new_tokens=config.max_new_tokens, token_budget=config.batch_tokens)


def attribution_options(config: RunConfig) -> AttributionOptions:
    """Options for contribution and effective scores."""
    return AttributionOptions(
        weight=config.weight,
        direction=DirectionOptions(
            embedding=config.answer_embedding,
            word=config.answer_token,
            centred=config.centred,
            contrast=config.contrast,
        ),
        final_norm=config.final_norm,
        top=config.top,
        neurons=config.neuron_scores,
        token_budget=config.batch_tokens,
    )


def gradient_options(config: RunConfig) -> GradientOptions:
    """Options for gradients; a pass has fewer tokens than others, because it keeps the activations of all layers."""
    return GradientOptions(max(1, config.batch_tokens // BUDGET_SHARE), config.encoder_token)


def require_supported(config: RunConfig, model: ModelFacts) -> None:
    """Raise InputError if gradients or exact effects are selected that cannot be measured with a model."""
    if "gradient" in (*config.measures, *(config.ablation_sets or ())):
        require_gradients(model)
    if config.truth_neurons:
        require_exact(model)


def truth_options(config: RunConfig) -> TruthOptions:
    """Options for exact effects of single neurons."""
    scored = bool({"contribution", "attribution"} & set(config.measures))
    return TruthOptions(
        neurons=config.truth_neurons,
        examples=config.truth_examples,
        seed=config.seed,
        scores=attribution_options(config) if scored else None,
        effective="attribution" in config.measures,
        token_budget=config.batch_tokens,
        encoder_token=config.encoder_token,
    )


_ANY_MODEL = tuple(Layer(number, "decoder", number, 1 << 31) for number in range(1000))
"""A stand-in with more layers and neurons than any model."""


def check_ablate_file(config: RunConfig, languages: Sequence[str]) -> None:
    """Check the file of --ablate before the model is loaded; raises InputError for lines that cannot be neurons."""
    if config.ablate_file is not None:
        read_neurons(config.ablate_file, _ANY_MODEL, languages)


def ablation_options(config: RunConfig, layers: Sequence[Layer], languages: Sequence[str]) -> AblationOptions:
    """Options for an ablation; raises InputError for neurons or languages that the model or the run does not have.

    Also raises it for an encoder, which cannot answer.
    """
    if all(layer.stack == "encoder" for layer in layers):
        raise InputError(
            f"{config.model} is an encoder and generates no answers, so an ablation has no accuracy to compare; "
            "remove ablation from --measures."
        )
    user_sets: tuple[UserSet, ...] = ()
    if config.ablate_file is not None:
        user_sets = (read_neurons(config.ablate_file, layers, languages),)
    if config.ablate_neurons is not None:
        named = check_neurons("query", config.ablate_neurons, layers, languages)
        user_sets = (*user_sets, named)
    for user_set in user_sets:
        _require_ablated(user_set, config.ablation_layers)
    return AblationOptions(
        types=tuple(name for name in config.ablation_types if name != "none"),
        fractions=config.ablation_fractions,
        doses=config.ablation_doses,
        seeds=config.ablation_seeds,
        user_sets=user_sets,
        selection=selection_options(config, languages),
        prompt_baseline=tuple(languages) if config.ablation_prompt_baseline else (),
        scope=config.ablation_scope,
        values=parse_values(config.ablation_value),
        layers=config.ablation_layers,
        seed=config.seed,
        judge=config.ablation_judge,
        answers=answer_options(config),
    )


def selection_options(config: RunConfig, languages: Sequence[str]) -> SelectionOptions:
    """Options for sets that are selected from data."""
    return SelectionOptions(
        rules=config.ablation_sets or (),
        languages=tuple(languages),
        share=config.ablation_set_share,
        in_sample=config.ablation_sets_in_sample,
    )


def _require_ablated(user_set: UserSet, layers: Sequence[int] | None) -> None:
    if layers is not None and (left_out := user_set.layers - set(layers)):
        raise InputError(
            f"'{user_set.label}' has neurons in layer {min(left_out)}, which --ablation-layers leaves out; "
            "add the layer there, or remove its neurons."
        )
