-- Inserts the shards of a run into the results file: one statement per table, in this order, in one transaction.
-- `shards.<table>` has the shards of all batches in the order of the batches; `masks` has example, layer, neuron and mask
-- of the run. The header of a statement names its table. `a chunk of <column>`: the statement runs once per range $low to
-- $high of the column, which limits its memory. `a heap of <column>`: larger ranges, for statements without sums.
-- `one thread`: sums of doubles must not depend on the order of threads.

-- activations, a heap of layer
INSERT INTO results.activations
SELECT $run, example, layer, neuron, mask FROM shards.activations WHERE layer BETWEEN $low AND $high;

-- examples
INSERT INTO results.examples BY NAME
SELECT $run AS run, * FROM shards.examples ORDER BY example;

-- example_types
INSERT INTO results.example_types
SELECT $run, example, layer,
    count_if(mask = 0),
    count_if(bit_count(mask) = 1 AND mask <> $all_mask),
    count_if(bit_count(mask) > 1 AND mask <> $all_mask),
    count_if(mask = $all_mask)
FROM masks GROUP BY example, layer ORDER BY example, layer;

-- neuron_masks, a chunk of layer
INSERT INTO results.neuron_masks
SELECT $run, layer, neuron, mask, count(*)
FROM masks WHERE layer BETWEEN $low AND $high
GROUP BY layer, neuron, mask ORDER BY layer, neuron, mask;

-- neuron_types, a chunk of layer
INSERT INTO results.neuron_types
SELECT $run, layer, neuron,
    coalesce(sum(n) FILTER (mask = 0), 0),
    coalesce(sum(n) FILTER (bit_count(mask) = 1 AND mask <> $all_mask), 0),
    coalesce(sum(n) FILTER (bit_count(mask) > 1 AND mask <> $all_mask), 0),
    coalesce(sum(n) FILTER (mask = $all_mask), 0)
FROM results.neuron_masks WHERE run = $run AND layer BETWEEN $low AND $high
GROUP BY layer, neuron ORDER BY layer, neuron;

-- mask_histogram, a chunk of layer
INSERT INTO results.mask_histogram
SELECT $run, threshold, scope, fold, layer, mask, sum(n)
FROM shards.mask_histogram WHERE layer BETWEEN $low AND $high
GROUP BY ALL ORDER BY layer, threshold, scope, fold, mask;

-- mask_joint, a chunk of language
INSERT INTO results.mask_joint
SELECT $run, language, fold, layer, last_mask, sum(n), sum(n_silent)
FROM shards.mask_joint WHERE language BETWEEN $low AND $high
GROUP BY ALL ORDER BY language, layer, fold, last_mask;

-- active_histogram
INSERT INTO results.active_histogram
SELECT $run, threshold, scope, fold, layer, n_active, sum(n)
FROM shards.active_histogram
GROUP BY ALL ORDER BY layer, threshold, scope, fold, n_active;

-- language_pairs, a chunk of layer
INSERT INTO results.language_pairs
SELECT $run, fold, layer, language, other, sum(n), sum(n_partial), sum(n_only)
FROM shards.language_pairs WHERE layer BETWEEN $low AND $high
GROUP BY ALL ORDER BY layer, language, other, fold;

-- neuron_tokens_active, a chunk of language
INSERT INTO results.neuron_tokens_active
SELECT $run, language, layer, neuron, sum(n_tokens), sum(n_active)
FROM shards.neuron_tokens_active WHERE language BETWEEN $low AND $high
GROUP BY ALL ORDER BY language, layer, neuron;

-- attribution
INSERT INTO results.attribution
SELECT $run, * FROM shards.attribution;

-- attribution_masks, a chunk of language, one thread
INSERT INTO results.attribution_masks
SELECT $run, fold, language, layer, mask, sum(n), sum(n_top), sum(cs_sum), sum(raw_sum),
    sum(es_sum), sum(es_sumsq), min(es_min), max(es_max)
FROM shards.attribution_masks WHERE language BETWEEN $low AND $high
GROUP BY ALL ORDER BY language, layer, fold, mask;

-- neuron_attribution, a chunk of language, one thread
INSERT INTO results.neuron_attribution
SELECT $run, language, layer, neuron, sum(n), sum(n_top), sum(cs_sum),
    sum(es_sum), sum(es_sumsq), min(es_min), max(es_max)
FROM shards.neuron_attribution WHERE language BETWEEN $low AND $high
GROUP BY ALL ORDER BY language, layer, neuron;

-- neuron_gradients, a chunk of language, one thread
INSERT INTO results.neuron_gradients
SELECT $run, language, layer, neuron, sum(n), sum(g_sum), sum(g_sumsq)
FROM shards.neuron_gradients WHERE language BETWEEN $low AND $high
GROUP BY ALL ORDER BY language, layer, neuron;

-- neuron_effects
INSERT INTO results.neuron_effects
SELECT $run, * FROM shards.neuron_effects ORDER BY layer, example, language, neuron;

-- top_neurons
INSERT INTO results.top_neurons
SELECT $run, * FROM shards.top_neurons;

-- neuron_examples, a chunk of layer
INSERT INTO results.neuron_examples
SELECT $run, layer, neuron, row_number() OVER strongest, example, language, activation
FROM shards.neuron_examples WHERE layer BETWEEN $low AND $high
WINDOW strongest AS (PARTITION BY layer, neuron ORDER BY activation DESC, example, language)
QUALIFY row_number() OVER strongest <= 10
ORDER BY layer, neuron, 4;

-- prompt_tokens
INSERT INTO results.prompt_tokens
SELECT $run, * FROM shards.prompt_tokens ORDER BY example, language, stack;

-- neuron_token_values, a chunk of layer
INSERT INTO results.neuron_token_values
SELECT $run, * FROM shards.neuron_token_values WHERE layer BETWEEN $low AND $high
ORDER BY layer, neuron, example, language;

-- neuron_density, a chunk of layer
INSERT INTO results.neuron_density
SELECT $run, layer, neuron, language, bin, sum(n)
FROM shards.neuron_density WHERE layer BETWEEN $low AND $high
    -- Batches of earlier versions have none: then the others would be taken for all inputs.
    AND (SELECT sum(n) FROM shards.neuron_density WHERE layer = $low AND neuron = 0)
        = (SELECT count(*) FROM shards.examples)
GROUP BY ALL ORDER BY layer, neuron, language, bin;

-- ablation_examples
INSERT INTO results.ablation_examples
SELECT $run, * FROM shards.ablation_examples ORDER BY condition, example;

-- neuron_vocabulary
INSERT INTO results.neuron_vocabulary
SELECT $run, * FROM shards.neuron_vocabulary ORDER BY layer, neuron, direction, rank;

-- corpora, one thread
INSERT INTO results.corpora
SELECT $run, language, half, sum(n_texts), sum(n_passages), sum(n_tokens), sum(n_loss), sum(loss_sum), sum(loss_sumsq)
FROM shards.corpora GROUP BY ALL ORDER BY language, half;

-- neuron_activity, a chunk of language
INSERT INTO results.neuron_activity
SELECT $run, language, half, layer, neuron, sum(n_active), sum(n_positive), sum(n_negative)
FROM shards.neuron_activity WHERE language BETWEEN $low AND $high
GROUP BY ALL ORDER BY language, half, layer, neuron;

-- neuron_moments, a chunk of language, one thread
INSERT INTO results.neuron_moments
SELECT $run, language, layer, neuron, sum(a_sum), sum(a_sumsq), sum(w_sum), sum(w_sumsq)
FROM shards.neuron_moments WHERE language BETWEEN $low AND $high
GROUP BY ALL ORDER BY language, layer, neuron;

-- neuron_precision
INSERT INTO results.neuron_precision
SELECT $run, * FROM shards.neuron_precision ORDER BY language, layer, neuron;
