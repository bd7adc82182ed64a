-- name: layer-neurons
-- title: Neurons of a layer
-- figure:
-- description: Every neuron of a layer: the share of examples in which it has each type, and its scores.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
-- columns:
--   neuron          index      Neuron, from 0.
--   all_shared      %          Share of examples in which it is all-shared.
--   partial_shared  %          Share of examples in which it is partial-shared; NULL with fewer than three languages.
--   specific        %          Share of examples in which it is specific; NULL with one language.
--   non_activated   %          Share of examples in which it is non-activated.
--   n_active        languages  Number of languages in which it is active, mean over examples.
--   top             %          Share of inputs in which it is among the layer's top 5 % by contribution.
--   contribution    %          Contribution score, mean over inputs.
--   effect          logits     Effective score, mean over inputs; NULL if undefined.
--   gradient        nats       Gradient attribution, mean over inputs with an answer; NULL if not measured.
WITH types AS (
    SELECT m.neuron, 100 / sum(m.n) AS percent, coalesce(sum(m.n) FILTER (m.mask & s.mask = 0), 0) AS non,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) = 1 AND p > 1), 0) AS one,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) BETWEEN 2 AND p - 1), 0) AS several,
        coalesce(sum(m.n) FILTER (m.mask & s.mask = s.mask), 0) AS every,
        sum(m.n * bit_count(m.mask & s.mask)) / sum(m.n) AS n_active
    FROM neuron_masks m, subset s
    WHERE m.run = $run AND m.layer = $layer
    GROUP BY m.neuron
), scores AS (
    SELECT neuron, 100 * sum(n_top) / sum(n) AS top, 100 * sum(cs_sum) / sum(n) AS contribution,
        sum(es_sum) / sum(n) AS effect
    FROM neuron_attribution
    WHERE run = $run AND layer = $layer AND list_contains($languages, language)
    GROUP BY neuron
), gradients AS (
    SELECT neuron, sum(g_sum) / sum(n) AS gradient
    FROM neuron_gradients
    WHERE run = $run AND layer = $layer AND list_contains($languages, language)
    GROUP BY neuron
)
SELECT neuron, percent * every AS all_shared, if(p > 2, percent * several, NULL) AS partial_shared,
    if(p > 1, percent * one, NULL) AS specific, percent * non AS non_activated, n_active, top, contribution,
    effect, gradient
FROM types LEFT JOIN scores USING (neuron) LEFT JOIN gradients USING (neuron), subset
ORDER BY neuron
