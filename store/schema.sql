-- Tables of a results file. The comments of a table follow its definition.
-- Every table except `meta` and `languages` has a column `run`; a shard of the journal has the same columns without it.
-- Views keep their columns, because files of earlier versions have the view of their time.
-- The large tables have no primary key, because a key makes them eight times larger and slower.
-- Scores are FLOAT, the precision of their measurement; doubles would double the size without adding information.

CREATE TYPE neuron_type AS ENUM ('non-activated', 'specific', 'partial-shared', 'all-shared');

CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
COMMENT ON TABLE meta IS 'Properties of the file: format, schema_version, created_by.';
COMMENT ON COLUMN meta.key IS 'Name of the property.';
COMMENT ON COLUMN meta.value IS 'Value, as text.';

CREATE TABLE runs (
    run INTEGER NOT NULL, key VARCHAR NOT NULL, name VARCHAR NOT NULL, model VARCHAR NOT NULL, revision VARCHAR,
    architecture VARCHAR NOT NULL, task VARCHAR NOT NULL, setting VARCHAR, n_shots INTEGER NOT NULL,
    languages VARCHAR[] NOT NULL, all_mask UBIGINT NOT NULL, n_examples INTEGER NOT NULL, dtype VARCHAR NOT NULL,
    device VARCHAR NOT NULL, threshold DOUBLE NOT NULL, settings JSON NOT NULL, versions JSON NOT NULL,
    started TIMESTAMP NOT NULL, seconds DOUBLE NOT NULL, tokens BIGINT NOT NULL
);
COMMENT ON TABLE runs IS 'One row per run: one model on one task setting.';
COMMENT ON COLUMN runs.run IS 'Number of the run in this file, from 1.';
COMMENT ON COLUMN runs.key IS 'Digest of everything that determines the numbers (model, revision, task, prompts, settings); the same run has the same key.';
COMMENT ON COLUMN runs.name IS 'Display name: model · task.';
COMMENT ON COLUMN runs.model IS 'Hub id or folder name of the model.';
COMMENT ON COLUMN runs.revision IS 'Resolved commit of the model, or NULL for a local folder.';
COMMENT ON COLUMN runs.architecture IS 'model_type in the configuration of the model, such as bloom.';
COMMENT ON COLUMN runs.task IS 'xnli, fact, ke, corpus, the name of a data set, or the stem of the task file.';
COMMENT ON COLUMN runs.setting IS 'en-all or all-en for knowledge editing; for a corpus, the name of its folder or file; NULL for tasks with one setting.';
COMMENT ON COLUMN runs.n_shots IS 'Number of demonstrations before each prompt.';
COMMENT ON COLUMN runs.languages IS 'Language codes; the position of a code is its bit in every mask of the run.';
COMMENT ON COLUMN runs.all_mask IS 'The mask of a neuron that is active in every language.';
COMMENT ON COLUMN runs.n_examples IS 'Number of measured examples; of a corpus, number of texts in all languages.';
COMMENT ON COLUMN runs.dtype IS 'Precision of the forward pass, such as float32.';
COMMENT ON COLUMN runs.device IS 'cpu, or the name of the GPU.';
COMMENT ON COLUMN runs.threshold IS 'A neuron is active if its activation is greater than this.';
COMMENT ON COLUMN runs.settings IS 'All settings of the run, as JSON.';
COMMENT ON COLUMN runs.versions IS 'Versions of the libraries, as JSON.';
COMMENT ON COLUMN runs.started IS 'Start of the run, UTC.';
COMMENT ON COLUMN runs.seconds IS 'Time spent measuring in seconds, including earlier interrupted attempts.';
COMMENT ON COLUMN runs.tokens IS 'Number of measured prompt tokens in all languages.';

CREATE TABLE run_languages (run INTEGER NOT NULL, bit UTINYINT NOT NULL, language VARCHAR NOT NULL);
COMMENT ON TABLE run_languages IS 'Bits of a mask: a neuron is active in a language if mask & (1::UBIGINT << bit) is not 0.';
COMMENT ON COLUMN run_languages.run IS 'Run.';
COMMENT ON COLUMN run_languages.bit IS 'Bit, from 0.';
COMMENT ON COLUMN run_languages.language IS 'Language code.';

CREATE TABLE languages (
    code VARCHAR NOT NULL, name VARCHAR NOT NULL, family VARCHAR NOT NULL, branch VARCHAR NOT NULL, script VARCHAR NOT NULL,
    bloom_share DOUBLE
);
COMMENT ON TABLE languages IS 'Reference data on languages, with one more row for every other language of the runs in this file.';
COMMENT ON COLUMN languages.code IS 'Language code: the short BCP 47 tag, such as th, yue, zh-Hant or pt-BR; for unknown codes, the code of the task.';
COMMENT ON COLUMN languages.name IS 'English name; for unknown languages, the code.';
COMMENT ON COLUMN languages.family IS 'Language family, or unknown.';
COMMENT ON COLUMN languages.branch IS 'Branch of the family, or unknown.';
COMMENT ON COLUMN languages.script IS 'ISO 15924 code of the script in the language code, or else of the usual script of the language; Zzzz if unknown.';
COMMENT ON COLUMN languages.bloom_share IS 'Share of the language in the pretraining text of BLOOM, in percent, from its training notes (bigscience-workshop/bigscience, train/tr11-176B-ml/README.md); NULL if not listed.';

CREATE TABLE layers (run INTEGER NOT NULL, layer INTEGER NOT NULL, stack VARCHAR NOT NULL, position INTEGER NOT NULL, n_neurons INTEGER NOT NULL, n_near_zero BIGINT);
COMMENT ON TABLE layers IS 'FFN layers of the model of a run.';
COMMENT ON COLUMN layers.run IS 'Run.';
COMMENT ON COLUMN layers.layer IS 'Layer, from 0, through all stacks of the model.';
COMMENT ON COLUMN layers.stack IS 'decoder or encoder.';
COMMENT ON COLUMN layers.position IS 'Index of the layer in its stack, from 0.';
COMMENT ON COLUMN layers.n_neurons IS 'Number of neurons in the FFN of the layer, d_m.';
COMMENT ON COLUMN layers.n_near_zero IS 'Number of pre-activations at the last token, over examples and languages, within the rounding error of the dtype around the threshold.';

CREATE TABLE examples (
    run INTEGER NOT NULL, example INTEGER NOT NULL, id VARCHAR NOT NULL, cluster VARCHAR NOT NULL, fold INTEGER NOT NULL,
    language VARCHAR NOT NULL, prompt VARCHAR NOT NULL, answer VARCHAR, prediction VARCHAR, correct BOOLEAN,
    n_tokens INTEGER NOT NULL, last_token VARCHAR NOT NULL,
    rank INTEGER, n_candidates INTEGER, answer_logprob DOUBLE,
    answer_language VARCHAR, output_language VARCHAR, detected_language VARCHAR
);
COMMENT ON TABLE examples IS 'One row per example and language: prompt, expected answer and generated answer.';
COMMENT ON COLUMN examples.run IS 'Run.';
COMMENT ON COLUMN examples.example IS 'Number of the example, from 0. An example has one meaning, in every language of the run.';
COMMENT ON COLUMN examples.id IS 'Id of the example in the data of the task.';
COMMENT ON COLUMN examples.cluster IS 'Examples of one cluster share their source (a premise, a tuple) and are not independent.';
COMMENT ON COLUMN examples.fold IS 'Fold of the cluster, 0 to 19, for delete-a-block jackknife intervals.';
COMMENT ON COLUMN examples.language IS 'Language of the prompt.';
COMMENT ON COLUMN examples.prompt IS 'Input of the model.';
COMMENT ON COLUMN examples.answer IS 'Expected answer, or NULL.';
COMMENT ON COLUMN examples.prediction IS 'Greedily generated answer, or NULL if none was generated.';
COMMENT ON COLUMN examples.correct IS 'Whether the prediction matches the answer after normalization.';
COMMENT ON COLUMN examples.n_tokens IS 'Number of tokens of the prompt.';
COMMENT ON COLUMN examples.last_token IS 'Token at which activations were read, as text.';
COMMENT ON COLUMN examples.rank IS 'Rank of the expected answer among the candidates: 1 + number of candidates that are more likely after the prompt, choices by all their tokens, other answers by their first. NULL without an answer, if it is not among the choices, and in runs of earlier versions.';
COMMENT ON COLUMN examples.n_candidates IS 'Number of candidates: the choices, or else all distinct answers of the run in this language.';
COMMENT ON COLUMN examples.answer_logprob IS 'Sum of the log-probabilities of the tokens of the expected answer, in nats.';
COMMENT ON COLUMN examples.answer_language IS 'Language of the expected answer, without script and region; NULL without an answer.';
COMMENT ON COLUMN examples.output_language IS 'Detected language of the prediction, among the languages of the run; und: undetermined; NULL if nothing was generated, or fewer than two languages can be detected.';
COMMENT ON COLUMN examples.detected_language IS 'Detected language of the expected answer; where it differs from answer_language, the detector errs.';

-- DuckDB would choose the same compression; naming it avoids the search, a fifth of the time of a merge.
CREATE TABLE activations (
    run INTEGER NOT NULL USING COMPRESSION RLE, example INTEGER NOT NULL USING COMPRESSION RLE,
    layer INTEGER NOT NULL USING COMPRESSION RLE, neuron INTEGER NOT NULL USING COMPRESSION BITPACKING,
    mask UBIGINT NOT NULL USING COMPRESSION BITPACKING
);
COMMENT ON TABLE activations IS 'One row per neuron and example: the languages in which it is active at the last prompt token. The view neurons adds its type and language codes.';
COMMENT ON COLUMN activations.run IS 'Run.';
COMMENT ON COLUMN activations.example IS 'Example, from 0.';
COMMENT ON COLUMN activations.layer IS 'Layer, from 0.';
COMMENT ON COLUMN activations.neuron IS 'Index of the neuron in its FFN, from 0.';
COMMENT ON COLUMN activations.mask IS 'Bit b is set if the neuron is active in the language of bit b (run_languages).';

CREATE TABLE example_types (run INTEGER NOT NULL, example INTEGER NOT NULL, layer INTEGER NOT NULL, n_non INTEGER NOT NULL, n_specific INTEGER NOT NULL, n_partial INTEGER NOT NULL, n_all INTEGER NOT NULL);
COMMENT ON TABLE example_types IS 'Number of neurons of each type per example and layer (Eq. 3 to 6), over all languages of the run.';
COMMENT ON COLUMN example_types.run IS 'Run.';
COMMENT ON COLUMN example_types.example IS 'Example.';
COMMENT ON COLUMN example_types.layer IS 'Layer.';
COMMENT ON COLUMN example_types.n_non IS 'Non-activated neurons.';
COMMENT ON COLUMN example_types.n_specific IS 'Specific neurons.';
COMMENT ON COLUMN example_types.n_partial IS 'Partial-shared neurons.';
COMMENT ON COLUMN example_types.n_all IS 'All-shared neurons.';

CREATE TABLE mask_histogram (run INTEGER NOT NULL, threshold DOUBLE NOT NULL, scope VARCHAR NOT NULL, fold INTEGER NOT NULL, layer INTEGER NOT NULL, mask UBIGINT NOT NULL, n BIGINT NOT NULL);
COMMENT ON TABLE mask_histogram IS 'Frequency of each mask. Type ratios of any subset of languages can be computed from this table alone.';
COMMENT ON COLUMN mask_histogram.run IS 'Run.';
COMMENT ON COLUMN mask_histogram.threshold IS 'A neuron is active if its activation is greater than this.';
COMMENT ON COLUMN mask_histogram.scope IS 'last: at the last prompt token; any: at any token of the prompt.';
COMMENT ON COLUMN mask_histogram.fold IS 'Fold of the counted examples.';
COMMENT ON COLUMN mask_histogram.layer IS 'Layer.';
COMMENT ON COLUMN mask_histogram.mask IS 'Mask.';
COMMENT ON COLUMN mask_histogram.n IS 'Number of neuron × example pairs with this mask.';

CREATE TABLE mask_joint (run INTEGER NOT NULL, language VARCHAR NOT NULL, fold INTEGER NOT NULL, layer INTEGER NOT NULL, last_mask UBIGINT NOT NULL, n BIGINT NOT NULL, n_silent BIGINT NOT NULL);
COMMENT ON TABLE mask_joint IS 'Neurons by mask at the last token and language of the input, and how many of them are inactive at every token of this input.';
COMMENT ON COLUMN mask_joint.run IS 'Run.';
COMMENT ON COLUMN mask_joint.language IS 'Language of the input.';
COMMENT ON COLUMN mask_joint.fold IS 'Fold.';
COMMENT ON COLUMN mask_joint.layer IS 'Layer.';
COMMENT ON COLUMN mask_joint.last_mask IS 'Mask at the last token.';
COMMENT ON COLUMN mask_joint.n IS 'Neuron × example pairs with this mask.';
COMMENT ON COLUMN mask_joint.n_silent IS 'Number of these pairs that are inactive at every token of the input in this language.';

CREATE TABLE active_histogram (run INTEGER NOT NULL, threshold DOUBLE NOT NULL, scope VARCHAR NOT NULL, fold INTEGER NOT NULL, layer INTEGER NOT NULL, n_active INTEGER NOT NULL, n BIGINT NOT NULL);
COMMENT ON TABLE active_histogram IS 'Frequency of each number of active languages. Replaces mask_histogram in runs with more than 15 languages; empty for other runs.';
COMMENT ON COLUMN active_histogram.run IS 'Run.';
COMMENT ON COLUMN active_histogram.threshold IS 'A neuron is active if its activation is greater than this.';
COMMENT ON COLUMN active_histogram.scope IS 'last: at the last prompt token; any: at any token of the prompt.';
COMMENT ON COLUMN active_histogram.fold IS 'Fold of the counted examples.';
COMMENT ON COLUMN active_histogram.layer IS 'Layer.';
COMMENT ON COLUMN active_histogram.n_active IS 'Number of languages in which a neuron is active: 0 is non-activated, 1 is specific, all languages is all-shared.';
COMMENT ON COLUMN active_histogram.n IS 'Number of neuron × example pairs that are active in this number of languages.';

CREATE TABLE language_pairs (run INTEGER NOT NULL, fold INTEGER NOT NULL, layer INTEGER NOT NULL, language VARCHAR NOT NULL, other VARCHAR NOT NULL, n BIGINT NOT NULL, n_partial BIGINT NOT NULL, n_only BIGINT NOT NULL);
COMMENT ON TABLE language_pairs IS 'Neurons active in both of two languages at the last prompt token, at the threshold of the run, for runs with more than 15 languages; empty for other runs. For a language paired with itself: neurons active in it.';
COMMENT ON COLUMN language_pairs.run IS 'Run.';
COMMENT ON COLUMN language_pairs.fold IS 'Fold of the counted examples.';
COMMENT ON COLUMN language_pairs.layer IS 'Layer.';
COMMENT ON COLUMN language_pairs.language IS 'Language with the lower bit, or the same language.';
COMMENT ON COLUMN language_pairs.other IS 'Other language, or the same language.';
COMMENT ON COLUMN language_pairs.n IS 'Number of neuron × example pairs active in both languages.';
COMMENT ON COLUMN language_pairs.n_partial IS 'Number of these pairs that are partial-shared over all languages of the run.';
COMMENT ON COLUMN language_pairs.n_only IS 'Number of these pairs that are not active in a third language. For a language paired with itself: specific to it.';

CREATE TABLE neuron_masks (run INTEGER NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, mask UBIGINT NOT NULL, n INTEGER NOT NULL);
COMMENT ON TABLE neuron_masks IS 'Number of examples in which a neuron has each mask. Persistence for any subset of languages can be computed from this table.';
COMMENT ON COLUMN neuron_masks.run IS 'Run.';
COMMENT ON COLUMN neuron_masks.layer IS 'Layer.';
COMMENT ON COLUMN neuron_masks.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_masks.mask IS 'Mask.';
COMMENT ON COLUMN neuron_masks.n IS 'Number of examples.';

CREATE TABLE neuron_types (run INTEGER NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, n_non INTEGER NOT NULL, n_specific INTEGER NOT NULL, n_partial INTEGER NOT NULL, n_all INTEGER NOT NULL);
COMMENT ON TABLE neuron_types IS 'Number of examples in which a neuron has each type, over all languages of the run.';
COMMENT ON COLUMN neuron_types.run IS 'Run.';
COMMENT ON COLUMN neuron_types.layer IS 'Layer.';
COMMENT ON COLUMN neuron_types.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_types.n_non IS 'Examples in which it is non-activated.';
COMMENT ON COLUMN neuron_types.n_specific IS 'Examples in which it is specific.';
COMMENT ON COLUMN neuron_types.n_partial IS 'Examples in which it is partial-shared.';
COMMENT ON COLUMN neuron_types.n_all IS 'Examples in which it is all-shared.';

CREATE TABLE neuron_tokens_active (run INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, n_tokens BIGINT NOT NULL, n_active BIGINT NOT NULL);
COMMENT ON TABLE neuron_tokens_active IS 'Number of prompt tokens of a language at which a neuron is active; used for language activation probability entropy.';
COMMENT ON COLUMN neuron_tokens_active.run IS 'Run.';
COMMENT ON COLUMN neuron_tokens_active.language IS 'Language.';
COMMENT ON COLUMN neuron_tokens_active.layer IS 'Layer.';
COMMENT ON COLUMN neuron_tokens_active.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_tokens_active.n_tokens IS 'Number of prompt tokens.';
COMMENT ON COLUMN neuron_tokens_active.n_active IS 'Number of tokens at which the neuron is active.';

CREATE TABLE attribution (
    run INTEGER NOT NULL, example INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, type neuron_type NOT NULL,
    n INTEGER NOT NULL, n_top INTEGER NOT NULL, cs_sum FLOAT NOT NULL, cs_max FLOAT NOT NULL, raw_sum FLOAT NOT NULL,
    es_sum FLOAT, es_sumsq FLOAT, es_min FLOAT, es_max FLOAT
);
COMMENT ON TABLE attribution IS 'Contribution scores (Eq. 9) and effective scores (Eq. 10) per example, language, layer and type; types without neurons have no row.';
COMMENT ON COLUMN attribution.run IS 'Run.';
COMMENT ON COLUMN attribution.example IS 'Example.';
COMMENT ON COLUMN attribution.language IS 'Language of the input.';
COMMENT ON COLUMN attribution.layer IS 'Layer.';
COMMENT ON COLUMN attribution.type IS 'Type of the neurons in this example, over all languages of the run.';
COMMENT ON COLUMN attribution.n IS 'Number of neurons of the type.';
COMMENT ON COLUMN attribution.n_top IS 'Number of these neurons among the top 5 % of the layer by contribution score.';
COMMENT ON COLUMN attribution.cs_sum IS 'Sum of their contribution scores; the types of a layer sum to 1.';
COMMENT ON COLUMN attribution.cs_max IS 'Largest contribution score.';
COMMENT ON COLUMN attribution.raw_sum IS 'Sum of |A| times the norm of the value vector, not normalized by the layer''s total.';
COMMENT ON COLUMN attribution.es_sum IS 'Sum of effective scores, or NULL if they are undefined.';
COMMENT ON COLUMN attribution.es_sumsq IS 'Sum of squared effective scores.';
COMMENT ON COLUMN attribution.es_min IS 'Smallest effective score.';
COMMENT ON COLUMN attribution.es_max IS 'Largest effective score.';

CREATE TABLE attribution_masks (
    run INTEGER NOT NULL, fold INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, mask UBIGINT NOT NULL,
    n BIGINT NOT NULL, n_top BIGINT NOT NULL, cs_sum FLOAT NOT NULL, raw_sum FLOAT NOT NULL,
    es_sum FLOAT, es_sumsq FLOAT, es_min FLOAT, es_max FLOAT
);
COMMENT ON TABLE attribution_masks IS 'Contribution and effective scores by mask. Attribution for any subset of languages can be computed from this table.';
COMMENT ON COLUMN attribution_masks.run IS 'Run.';
COMMENT ON COLUMN attribution_masks.fold IS 'Fold of the examples.';
COMMENT ON COLUMN attribution_masks.language IS 'Language of the input.';
COMMENT ON COLUMN attribution_masks.layer IS 'Layer.';
COMMENT ON COLUMN attribution_masks.mask IS 'Mask.';
COMMENT ON COLUMN attribution_masks.n IS 'Number of neuron × example pairs.';
COMMENT ON COLUMN attribution_masks.n_top IS 'Number of these pairs among the top 5 % of their layer by contribution score.';
COMMENT ON COLUMN attribution_masks.cs_sum IS 'Sum of contribution scores.';
COMMENT ON COLUMN attribution_masks.raw_sum IS 'Sum of |A| times the norm of the value vector.';
COMMENT ON COLUMN attribution_masks.es_sum IS 'Sum of effective scores, or NULL.';
COMMENT ON COLUMN attribution_masks.es_sumsq IS 'Sum of squared effective scores.';
COMMENT ON COLUMN attribution_masks.es_min IS 'Smallest effective score.';
COMMENT ON COLUMN attribution_masks.es_max IS 'Largest effective score.';

CREATE TABLE neuron_attribution (
    run INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, n INTEGER NOT NULL, n_top INTEGER NOT NULL,
    cs_sum FLOAT NOT NULL, es_sum FLOAT, es_sumsq FLOAT, es_min FLOAT, es_max FLOAT
);
COMMENT ON TABLE neuron_attribution IS 'Contribution and effective scores of each neuron and language, over all examples.';
COMMENT ON COLUMN neuron_attribution.run IS 'Run.';
COMMENT ON COLUMN neuron_attribution.language IS 'Language of the input.';
COMMENT ON COLUMN neuron_attribution.layer IS 'Layer.';
COMMENT ON COLUMN neuron_attribution.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_attribution.n IS 'Number of examples.';
COMMENT ON COLUMN neuron_attribution.n_top IS 'Number of examples in which the neuron is among the top 5 % of its layer by contribution score.';
COMMENT ON COLUMN neuron_attribution.cs_sum IS 'Sum of contribution scores.';
COMMENT ON COLUMN neuron_attribution.es_sum IS 'Sum of effective scores, or NULL.';
COMMENT ON COLUMN neuron_attribution.es_sumsq IS 'Sum of squared effective scores.';
COMMENT ON COLUMN neuron_attribution.es_min IS 'Smallest effective score.';
COMMENT ON COLUMN neuron_attribution.es_max IS 'Largest effective score.';

CREATE TABLE neuron_gradients (
    run INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, n INTEGER NOT NULL,
    g_sum FLOAT NOT NULL, g_sumsq FLOAT NOT NULL
);
COMMENT ON TABLE neuron_gradients IS 'Gradient attribution of each neuron and language, over all examples with an answer: w · ∂ log p(answer) / ∂w at the token of measurement, in nats. Empty without the measure gradient.';
COMMENT ON COLUMN neuron_gradients.run IS 'Run.';
COMMENT ON COLUMN neuron_gradients.language IS 'Language of the input.';
COMMENT ON COLUMN neuron_gradients.layer IS 'Layer.';
COMMENT ON COLUMN neuron_gradients.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_gradients.n IS 'Number of examples with an answer.';
COMMENT ON COLUMN neuron_gradients.g_sum IS 'Sum of gradient attributions. Positive: the neuron makes the answer more likely.';
COMMENT ON COLUMN neuron_gradients.g_sumsq IS 'Sum of squared gradient attributions.';

CREATE TABLE neuron_effects (
    run INTEGER NOT NULL, example INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL,
    contribution FLOAT, effective FLOAT, gradient FLOAT NOT NULL, effect FLOAT NOT NULL
);
COMMENT ON TABLE neuron_effects IS 'Exact effects of single neurons, beside their scores: one row per sampled neuron and input of the first examples. Empty without --truth-neurons.';
COMMENT ON COLUMN neuron_effects.run IS 'Run.';
COMMENT ON COLUMN neuron_effects.example IS 'Example.';
COMMENT ON COLUMN neuron_effects.language IS 'Language of the input.';
COMMENT ON COLUMN neuron_effects.layer IS 'Layer.';
COMMENT ON COLUMN neuron_effects.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_effects.contribution IS 'Contribution score of the neuron for this input, or NULL if not measured.';
COMMENT ON COLUMN neuron_effects.effective IS 'Effective score, or NULL if not measured or undefined.';
COMMENT ON COLUMN neuron_effects.gradient IS 'Gradient attribution, in nats.';
COMMENT ON COLUMN neuron_effects.effect IS 'Log-probability of the answer minus that with the weight of this one neuron set to zero at the token of measurement, in nats. Positive: the neuron makes the answer more likely.';

CREATE TABLE top_neurons (run INTEGER NOT NULL, example INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, rank INTEGER NOT NULL, neuron INTEGER NOT NULL, mask UBIGINT NOT NULL, cs FLOAT NOT NULL, es FLOAT);
COMMENT ON TABLE top_neurons IS 'Neurons with the largest contribution scores per example, language and layer.';
COMMENT ON COLUMN top_neurons.run IS 'Run.';
COMMENT ON COLUMN top_neurons.example IS 'Example.';
COMMENT ON COLUMN top_neurons.language IS 'Language of the input.';
COMMENT ON COLUMN top_neurons.layer IS 'Layer.';
COMMENT ON COLUMN top_neurons.rank IS 'Rank by contribution score, from 1.';
COMMENT ON COLUMN top_neurons.neuron IS 'Neuron.';
COMMENT ON COLUMN top_neurons.mask IS 'Mask of the neuron in this example.';
COMMENT ON COLUMN top_neurons.cs IS 'Contribution score.';
COMMENT ON COLUMN top_neurons.es IS 'Effective score, or NULL.';

CREATE TABLE neuron_examples (run INTEGER NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, rank INTEGER NOT NULL, example INTEGER NOT NULL, language VARCHAR NOT NULL, activation FLOAT NOT NULL);
COMMENT ON TABLE neuron_examples IS 'Inputs with the highest activations of a neuron at their last token.';
COMMENT ON COLUMN neuron_examples.run IS 'Run.';
COMMENT ON COLUMN neuron_examples.layer IS 'Layer.';
COMMENT ON COLUMN neuron_examples.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_examples.rank IS 'Rank by activation, from 1.';
COMMENT ON COLUMN neuron_examples.example IS 'Example.';
COMMENT ON COLUMN neuron_examples.language IS 'Language.';
COMMENT ON COLUMN neuron_examples.activation IS 'Activation A.';

CREATE TABLE conditions (
    run INTEGER NOT NULL, condition INTEGER NOT NULL, kind VARCHAR NOT NULL, type neuron_type, fraction DOUBLE, seed BIGINT,
    scope VARCHAR NOT NULL, layers INTEGER[], value VARCHAR NOT NULL, matched_to INTEGER, percent DOUBLE NOT NULL, label VARCHAR NOT NULL,
    rule VARCHAR, set_language VARCHAR, target VARCHAR
);
COMMENT ON TABLE conditions IS 'Conditions of an ablation.';
COMMENT ON COLUMN conditions.run IS 'Run.';
COMMENT ON COLUMN conditions.condition IS 'Number of the condition; 0 is the baseline.';
COMMENT ON COLUMN conditions.kind IS 'baseline, type, random, matched, dose (equal shares of a type and of its control), selected (from data, by a rule), layer (whole layers), user or prompt (no neuron is changed, and the prompt asks for the answer in set_language).';
COMMENT ON COLUMN conditions.type IS 'Type of the neurons that were switched off; for a control, the type that it is compared with.';
COMMENT ON COLUMN conditions.fraction IS 'Requested share of neurons, 0 to 1, if the condition has one.';
COMMENT ON COLUMN conditions.seed IS 'Seed of a random choice.';
COMMENT ON COLUMN conditions.scope IS 'all: every position; last: the last prompt token and generated tokens.';
COMMENT ON COLUMN conditions.layers IS 'Ablated layers, or NULL for all layers.';
COMMENT ON COLUMN conditions.value IS 'What the weights of the set are replaced by: 0, mean, resample, patch:LANG, scale:K, add:K or mean-of:LANG. With target NULL, mean is that of all languages (earlier version).';
COMMENT ON COLUMN conditions.matched_to IS 'Condition to which a control is matched.';
COMMENT ON COLUMN conditions.percent IS 'Percentage of all neurons that were switched off, mean over examples: the paper''s column pct.';
COMMENT ON COLUMN conditions.label IS 'Label for tables.';
COMMENT ON COLUMN conditions.rule IS 'How a set was selected from data: lape, average-precision, contribution, effective-score or gradient; NULL for other sets.';
COMMENT ON COLUMN conditions.set_language IS 'Language that the neurons of a selected set belong to; for a control, the language of the set that it is compared with.';
COMMENT ON COLUMN conditions.target IS 'What the value replaces: weight, the weight of the value vector; NULL in older files, where it replaced the activation.';

CREATE TABLE ablation_examples (
    run INTEGER NOT NULL, condition INTEGER NOT NULL, example INTEGER NOT NULL, language VARCHAR NOT NULL,
    prediction VARCHAR, correct BOOLEAN, rank_correct BOOLEAN, valid BOOLEAN, answer_logprob DOUBLE, n_ablated INTEGER NOT NULL,
    first_rank INTEGER, n_first INTEGER, output_language VARCHAR
);
COMMENT ON TABLE ablation_examples IS 'Outcome of every example under every condition. The view ablation sums these rows.';
COMMENT ON COLUMN ablation_examples.run IS 'Run.';
COMMENT ON COLUMN ablation_examples.condition IS 'Condition.';
COMMENT ON COLUMN ablation_examples.example IS 'Example.';
COMMENT ON COLUMN ablation_examples.language IS 'Language of the input.';
COMMENT ON COLUMN ablation_examples.prediction IS 'Greedily generated answer; with teacher forcing, its beginning, as far as the fed answer and choices show it.';
COMMENT ON COLUMN ablation_examples.correct IS 'Whether the prediction matches the answer after normalization.';
COMMENT ON COLUMN ablation_examples.rank_correct IS 'Whether the answer is the most likely choice; NULL without choices.';
COMMENT ON COLUMN ablation_examples.valid IS 'Whether the prediction is one of the choices; NULL without choices and, with teacher forcing, without an expected answer.';
COMMENT ON COLUMN ablation_examples.answer_logprob IS 'Sum of the log-probabilities of the answer''s tokens, in nats.';
COMMENT ON COLUMN ablation_examples.n_ablated IS 'Number of neurons switched off for this input.';
COMMENT ON COLUMN ablation_examples.first_rank IS 'Rank of the answer''s first token among the first tokens of the choices, or without choices of all answers of the language; ties do not lower it.';
COMMENT ON COLUMN ablation_examples.n_first IS 'Number of distinct first tokens that are ranked.';
COMMENT ON COLUMN ablation_examples.output_language IS 'Detected language of a generated answer; NULL if answers are not generated or the text is too short.';

CREATE TABLE neuron_vocabulary (run INTEGER NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, direction VARCHAR NOT NULL, rank INTEGER NOT NULL, token VARCHAR NOT NULL, logit FLOAT NOT NULL);
COMMENT ON TABLE neuron_vocabulary IS 'Tokens whose logits the value vector of a neuron raises or lowers most, for the neurons of each layer with the largest contribution scores and the most persistent ones of each type; vocabulary_neurons in runs.settings is their largest number in a layer.';
COMMENT ON COLUMN neuron_vocabulary.run IS 'Run.';
COMMENT ON COLUMN neuron_vocabulary.layer IS 'Layer.';
COMMENT ON COLUMN neuron_vocabulary.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_vocabulary.direction IS 'promotes or suppresses.';
COMMENT ON COLUMN neuron_vocabulary.rank IS 'Rank, from 1.';
COMMENT ON COLUMN neuron_vocabulary.token IS 'Token, as text.';
COMMENT ON COLUMN neuron_vocabulary.logit IS 'Dot product of the token''s output embedding with the value vector.';

CREATE TABLE prompt_tokens (run INTEGER NOT NULL, example INTEGER NOT NULL, language VARCHAR NOT NULL, stack VARCHAR NOT NULL, measured INTEGER NOT NULL, tokens VARCHAR[] NOT NULL);
COMMENT ON TABLE prompt_tokens IS 'Tokens of the inputs in neuron_token_values, as text.';
COMMENT ON COLUMN prompt_tokens.run IS 'Run.';
COMMENT ON COLUMN prompt_tokens.example IS 'Example.';
COMMENT ON COLUMN prompt_tokens.language IS 'Language of the input.';
COMMENT ON COLUMN prompt_tokens.stack IS 'Stack that reads the tokens: decoder or encoder.';
COMMENT ON COLUMN prompt_tokens.measured IS 'Index in tokens of the token of measurement, from 0.';
COMMENT ON COLUMN prompt_tokens.tokens IS 'Text of each token; joined they are the text that the model reads. Empty for a token without a character of its own.';

CREATE TABLE neuron_token_values (run INTEGER NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, example INTEGER NOT NULL, language VARCHAR NOT NULL, activations FLOAT[] NOT NULL);
COMMENT ON TABLE neuron_token_values IS 'Activation of a neuron at every token of an input: of its inputs in neuron_examples and, of the first examples of the run, of all inputs if it is in top_neurons there. Empty without --token-values.';
COMMENT ON COLUMN neuron_token_values.run IS 'Run.';
COMMENT ON COLUMN neuron_token_values.layer IS 'Layer.';
COMMENT ON COLUMN neuron_token_values.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_token_values.example IS 'Example.';
COMMENT ON COLUMN neuron_token_values.language IS 'Language of the input.';
COMMENT ON COLUMN neuron_token_values.activations IS 'Activation A at each token of the input, in the order of prompt_tokens.tokens of the stack of the layer.';

CREATE TABLE neuron_density (run INTEGER NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL, language VARCHAR NOT NULL, bin INTEGER NOT NULL, n BIGINT NOT NULL);
COMMENT ON TABLE neuron_density IS 'Histogram of the activation of each neuron in each language, at the token of measurement only: one value for each input. Bins without inputs are left out. Empty without --density, and if part of the run was measured by a version without it.';
COMMENT ON COLUMN neuron_density.run IS 'Run.';
COMMENT ON COLUMN neuron_density.layer IS 'Layer.';
COMMENT ON COLUMN neuron_density.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_density.language IS 'Language of the inputs.';
COMMENT ON COLUMN neuron_density.bin IS 'Bin. 16: above 0 and below 2^-9; 17 to 30: from 2^(bin - 26) to below 2^(bin - 25); 31: from 2^5. 15: above -2^-9 up to 0; 0 to 14: as 31 to 17, of -A.';
COMMENT ON COLUMN neuron_density.n IS 'Number of inputs.';

CREATE TABLE corpora (
    run INTEGER NOT NULL, language VARCHAR NOT NULL, half UTINYINT NOT NULL,
    n_texts BIGINT NOT NULL, n_passages BIGINT NOT NULL, n_tokens BIGINT NOT NULL,
    n_loss BIGINT NOT NULL, loss_sum DOUBLE NOT NULL, loss_sumsq DOUBLE NOT NULL
);
COMMENT ON TABLE corpora IS 'Texts of each language in a run of the task corpus. Empty for other tasks.';
COMMENT ON COLUMN corpora.run IS 'Run.';
COMMENT ON COLUMN corpora.language IS 'Language of the texts.';
COMMENT ON COLUMN corpora.half IS '0 for the first half of the texts, 1 for the second: the two halves show how reliable a selection of neurons is.';
COMMENT ON COLUMN corpora.n_texts IS 'Number of texts.';
COMMENT ON COLUMN corpora.n_passages IS 'Number of passages, the pieces into which long texts are cut; the model reads each by itself.';
COMMENT ON COLUMN corpora.n_tokens IS 'Number of counted tokens: all but the first of each passage and special tokens.';
COMMENT ON COLUMN corpora.n_loss IS 'Number of tokens whose loss was measured, a regular sample; 0 for an encoder.';
COMMENT ON COLUMN corpora.loss_sum IS 'Sum of their losses, in nats: -log p(token given the tokens before it).';
COMMENT ON COLUMN corpora.loss_sumsq IS 'Sum of the squared losses.';

CREATE TABLE neuron_activity (
    run INTEGER NOT NULL, language VARCHAR NOT NULL, half UTINYINT NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL,
    n_active BIGINT NOT NULL, n_positive BIGINT NOT NULL, n_negative BIGINT NOT NULL
);
COMMENT ON TABLE neuron_activity IS 'Activity of each neuron over the counted tokens of a corpus (corpora.n_tokens), by language and half. Empty for other tasks.';
COMMENT ON COLUMN neuron_activity.run IS 'Run.';
COMMENT ON COLUMN neuron_activity.language IS 'Language of the texts.';
COMMENT ON COLUMN neuron_activity.half IS 'Half of the texts, 0 or 1.';
COMMENT ON COLUMN neuron_activity.layer IS 'Layer.';
COMMENT ON COLUMN neuron_activity.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_activity.n_active IS 'Number of tokens at which the output of the nonlinearity, act(gate) in a gated FFN, is above the threshold of the run.';
COMMENT ON COLUMN neuron_activity.n_positive IS 'Number of tokens at which the weight of the value vector, act(gate) · up in a gated FFN, is positive.';
COMMENT ON COLUMN neuron_activity.n_negative IS 'Number of tokens at which this weight is negative.';

CREATE TABLE neuron_moments (
    run INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL,
    a_sum FLOAT NOT NULL, a_sumsq FLOAT NOT NULL, w_sum FLOAT NOT NULL, w_sumsq FLOAT NOT NULL
);
COMMENT ON TABLE neuron_moments IS 'Sums over the counted tokens of a corpus, of both halves, for means and standard deviations of each neuron by language. Empty for other tasks.';
COMMENT ON COLUMN neuron_moments.run IS 'Run.';
COMMENT ON COLUMN neuron_moments.language IS 'Language of the texts.';
COMMENT ON COLUMN neuron_moments.layer IS 'Layer.';
COMMENT ON COLUMN neuron_moments.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_moments.a_sum IS 'Sum of the outputs of the nonlinearity.';
COMMENT ON COLUMN neuron_moments.a_sumsq IS 'Sum of their squares.';
COMMENT ON COLUMN neuron_moments.w_sum IS 'Sum of the weights of the value vector.';
COMMENT ON COLUMN neuron_moments.w_sumsq IS 'Sum of their squares.';

CREATE TABLE neuron_precision (
    run INTEGER NOT NULL, language VARCHAR NOT NULL, layer INTEGER NOT NULL, neuron INTEGER NOT NULL,
    precision_all FLOAT NOT NULL, precision_first FLOAT NOT NULL, precision_second FLOAT NOT NULL
);
COMMENT ON TABLE neuron_precision IS 'Average precision of each neuron as a detector of a language: of its mean activation over a passage, among passages of all languages. Empty for runs of one language and other tasks.';
COMMENT ON COLUMN neuron_precision.run IS 'Run.';
COMMENT ON COLUMN neuron_precision.language IS 'Language that the neuron detects by a high activation.';
COMMENT ON COLUMN neuron_precision.layer IS 'Layer.';
COMMENT ON COLUMN neuron_precision.neuron IS 'Neuron.';
COMMENT ON COLUMN neuron_precision.precision_all IS 'Average precision over the passages of both halves, 0 to 1.';
COMMENT ON COLUMN neuron_precision.precision_first IS 'Average precision over those of the first half.';
COMMENT ON COLUMN neuron_precision.precision_second IS 'Average precision over those of the second half.';

CREATE TABLE notes (run INTEGER NOT NULL, topic VARCHAR NOT NULL, text VARCHAR NOT NULL);
COMMENT ON TABLE notes IS 'Remarks on a run, such as examples that were left out and measures that do not apply.';
COMMENT ON COLUMN notes.run IS 'Run.';
COMMENT ON COLUMN notes.topic IS 'prompts (warnings), data, model, answers, attribution, ablation or precision.';
COMMENT ON COLUMN notes.text IS 'One sentence.';

CREATE TABLE checksums (run INTEGER NOT NULL, table_name VARCHAR NOT NULL, n_rows BIGINT NOT NULL, digest UBIGINT NOT NULL, probe UBIGINT NOT NULL);
COMMENT ON TABLE checksums IS 'Checksums of the tables of a run at its merge; compared by neurontui info --verify.';
COMMENT ON COLUMN checksums.run IS 'Run.';
COMMENT ON COLUMN checksums.table_name IS 'Table.';
COMMENT ON COLUMN checksums.n_rows IS 'Number of rows of this run.';
COMMENT ON COLUMN checksums.digest IS 'Sum of hash(all columns except run) over these rows, modulo 2^64; independent of their order.';
COMMENT ON COLUMN checksums.probe IS 'Hash of a fixed row. If it differs, this version of DuckDB hashes differently, and digests cannot be compared.';

CREATE VIEW neurons AS
SELECT a.run, a.example, a.layer, a.neuron,
    CASE WHEN a.mask = 0 THEN 'non-activated'::neuron_type
         WHEN a.mask = r.all_mask THEN 'all-shared'::neuron_type
         WHEN a.mask & (a.mask - 1) = 0 THEN 'specific'::neuron_type
         ELSE 'partial-shared'::neuron_type END AS type,
    a.mask,
    list_filter(r.languages, lambda code, bit: (a.mask >> (bit - 1)::UBIGINT) & 1 = 1) AS languages
FROM activations a JOIN runs r USING (run);
COMMENT ON VIEW neurons IS 'One row per neuron and example: its type and the languages in which it is active.';
COMMENT ON COLUMN neurons.run IS 'Run.';
COMMENT ON COLUMN neurons.example IS 'Example, from 0.';
COMMENT ON COLUMN neurons.layer IS 'Layer, from 0.';
COMMENT ON COLUMN neurons.neuron IS 'Index of the neuron in its FFN, from 0.';
COMMENT ON COLUMN neurons.type IS 'Type of the neuron in this example, over all languages of the run (Eq. 3 to 6).';
COMMENT ON COLUMN neurons.mask IS 'Bit b is set if the neuron is active in the language of bit b (run_languages).';
COMMENT ON COLUMN neurons.languages IS 'Codes of the languages in which it is active.';

CREATE VIEW ablation AS
SELECT c.* EXCLUDE (rule, set_language, target) REPLACE (100 * avg(e.n_ablated) / any_value(l.n_neurons) AS percent,
    if(c.target IS NULL AND c.value = 'mean', 'mean of all languages (earlier version)', c.value) AS value), e.language, count(*) AS n, count(e.correct) AS n_answered,
    count_if(e.correct)::BIGINT AS n_correct, count_if(e.rank_correct)::BIGINT AS n_rank_correct,
    count_if(NOT e.valid)::BIGINT AS n_invalid,
    avg(e.answer_logprob) AS answer_logprob
FROM ablation_examples e JOIN conditions c USING (run, condition)
JOIN (SELECT run, sum(n_neurons) AS n_neurons FROM layers GROUP BY run) l USING (run)
GROUP BY ALL;
COMMENT ON VIEW ablation IS 'Accuracy of every condition in every language: the rows of ablation_examples, summed.';
COMMENT ON COLUMN ablation.run IS 'Run.';
COMMENT ON COLUMN ablation.condition IS 'Number of the condition; 0 is the baseline.';
COMMENT ON COLUMN ablation.kind IS 'baseline, type, random, matched, dose, selected, layer, user or prompt.';
COMMENT ON COLUMN ablation.type IS 'Type of the neurons that were switched off; for a control, the type that it is compared with.';
COMMENT ON COLUMN ablation.fraction IS 'Requested share of neurons, 0 to 1, if the condition has one.';
COMMENT ON COLUMN ablation.seed IS 'Seed of a random choice.';
COMMENT ON COLUMN ablation.scope IS 'all: every position; last: the last prompt token and generated tokens.';
COMMENT ON COLUMN ablation.layers IS 'Ablated layers, or NULL for all layers.';
COMMENT ON COLUMN ablation.value IS 'What the weights of the set are replaced by: 0, mean, resample, patch:LANG, scale:K, add:K or mean-of:LANG; or the mean of all languages of an earlier version.';
COMMENT ON COLUMN ablation.matched_to IS 'Condition to which a control is matched.';
COMMENT ON COLUMN ablation.percent IS 'Percentage of all neurons that were switched off for inputs in this language, mean over examples.';
COMMENT ON COLUMN ablation.label IS 'Label for tables.';
COMMENT ON COLUMN ablation.language IS 'Language of the input.';
COMMENT ON COLUMN ablation.n IS 'Number of examples.';
COMMENT ON COLUMN ablation.n_answered IS 'Number of examples with an expected answer.';
COMMENT ON COLUMN ablation.n_correct IS 'Number of these examples with a correct prediction.';
COMMENT ON COLUMN ablation.n_rank_correct IS 'Number of examples whose answer is the most likely choice.';
COMMENT ON COLUMN ablation.n_invalid IS 'Number of examples whose prediction is not one of the choices.';
COMMENT ON COLUMN ablation.answer_logprob IS 'Mean log-probability of the answer.';
