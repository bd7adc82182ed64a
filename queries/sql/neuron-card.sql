-- name: neuron-card
-- title: Summary of a neuron
-- figure:
-- description: Types and scores of a neuron over all examples, the tokens that it promotes and suppresses, and
--   the examples with its highest activations.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
-- columns:
--   layer           index     Layer, from 0.
--   neuron          index     Neuron, from 0.
--   stack           -         decoder or encoder.
--   position        index     Index of the layer in its stack.
--   n_examples      examples  Number of examples.
--   all_shared      %         Share of examples in which it is all-shared.
--   partial_shared  %         Share of examples in which it is partial-shared; NULL with fewer than three languages.
--   specific        %         Share of examples in which it is specific; NULL with one language.
--   non_activated   %         Share of examples in which it is non-activated.
--   top             %         Share of inputs in which it is among the layer's top 5 % by contribution.
--   contribution    %         Contribution score, mean over inputs; NULL without attribution.
--   effect          logits    Effective score, mean over inputs; NULL if undefined.
--   effect_min      logits    Smallest effective score.
--   effect_max      logits    Largest effective score.
--   gradient        nats      Gradient attribution, mean over inputs with an answer; NULL if not measured.
--   promotes        -         Tokens whose logits its value vector raises most, strongest first.
--   suppresses      -         Tokens whose logits its value vector lowers most.
--   examples        -         Ids of the examples with its highest activations, highest first.
WITH types AS (
    SELECT m.layer, m.neuron, 100 / sum(m.n) AS percent, sum(m.n)::INTEGER AS n,
        coalesce(sum(m.n) FILTER (m.mask & s.mask = 0), 0) AS non,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) = 1 AND p > 1), 0) AS one,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) BETWEEN 2 AND p - 1), 0) AS several,
        coalesce(sum(m.n) FILTER (m.mask & s.mask = s.mask), 0) AS every
    FROM neuron_masks m, subset s
    WHERE m.run = $run AND m.layer = $layer AND m.neuron = $neuron
    GROUP BY m.layer, m.neuron
), scores AS (
    SELECT 100 * sum(n_top) / sum(n) AS top, 100 * sum(cs_sum) / sum(n) AS contribution,
        sum(es_sum) / sum(n) AS effect,
        min(es_min) AS effect_min, max(es_max) AS effect_max
    FROM neuron_attribution
    WHERE run = $run AND layer = $layer AND neuron = $neuron AND list_contains($languages, language)
), gradients AS (
    SELECT sum(g_sum) / sum(n) AS gradient
    FROM neuron_gradients
    WHERE run = $run AND layer = $layer AND neuron = $neuron AND list_contains($languages, language)
), tokens AS (
    SELECT list(token ORDER BY rank) FILTER (direction = 'promotes') AS promotes,
        list(token ORDER BY rank) FILTER (direction = 'suppresses') AS suppresses
    FROM neuron_vocabulary
    WHERE run = $run AND layer = $layer AND neuron = $neuron
), strongest AS (
    SELECT list(example ORDER BY rank) AS examples
    FROM neuron_examples
    WHERE run = $run AND layer = $layer AND neuron = $neuron AND list_contains($languages, language)
)
SELECT t.layer, t.neuron, l.stack, l.position, t.n AS n_examples, percent * every AS all_shared,
    if(p > 2, percent * several, NULL) AS partial_shared, if(p > 1, percent * one, NULL) AS specific,
    percent * non AS non_activated, top, contribution, effect, effect_min, effect_max, gradient, promotes,
    suppresses, examples
FROM types t JOIN layers l ON l.run = $run AND l.layer = t.layer, subset, scores, gradients, tokens, strongest
