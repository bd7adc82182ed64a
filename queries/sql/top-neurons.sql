-- name: top-neurons
-- title: Top neurons over all examples
-- figure: beyond Figures 9 to 11
-- description: Neurons with the largest mean contribution score, mean effective score, mean gradient attribution, or
--   share of inputs in which they are among the top 5 % of their layer.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
--   $by         contribution|top|effect|gradient = contribution  Ranking criterion.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
--   $limit      integer = 100     Maximum number of rows.
-- columns:
--   rank          -       Rank, from 1.
--   layer         index   Layer, from 0.
--   neuron        index   Neuron, from 0.
--   type          -       Most frequent type, over all languages of the run.
--   type_share    %       Share of examples in which it has this type.
--   contribution  %       Contribution score, mean over inputs.
--   top           %       Share of inputs in which it is among the layer's top 5 % by contribution.
--   effect        logits  Effective score, mean over inputs; NULL if undefined.
--   effect_min    logits  Smallest effective score.
--   effect_max    logits  Largest effective score.
--   gradient      nats    Gradient attribution, mean over inputs with an answer; NULL if not measured.
WITH scores AS (
    SELECT layer, neuron, 100 * sum(cs_sum) / sum(n) AS contribution, 100 * sum(n_top) / sum(n) AS top,
        sum(es_sum) / sum(n) AS effect, min(es_min) AS effect_min, max(es_max) AS effect_max
    FROM neuron_attribution
    WHERE run = $run AND list_contains($languages, language) AND ($layer IS NULL OR layer = $layer)
    GROUP BY layer, neuron
), gradients AS (
    SELECT layer, neuron, sum(g_sum) / sum(n) AS gradient
    FROM neuron_gradients
    WHERE run = $run AND list_contains($languages, language) AND ($layer IS NULL OR layer = $layer)
    GROUP BY layer, neuron
), ranked AS (
    SELECT *, CASE $by WHEN 'contribution' THEN contribution WHEN 'top' THEN top WHEN 'effect' THEN effect
        ELSE gradient END AS x
    FROM scores FULL JOIN gradients USING (layer, neuron)
    WHERE x IS NOT NULL
    ORDER BY x DESC, layer, neuron
    LIMIT $limit
), typed AS (
    SELECT layer, neuron, n_non, n_specific, n_partial, n_all,
        greatest(n_non, n_specific, n_partial, n_all) AS most
    FROM neuron_types
    WHERE run = $run
)
SELECT row_number() OVER (ORDER BY x DESC, r.layer, r.neuron) AS rank, r.layer, r.neuron,
    CASE most WHEN n_non THEN 'non-activated' WHEN n_specific THEN 'specific'
        WHEN n_partial THEN 'partial-shared'
        WHEN n_all THEN 'all-shared' END::neuron_type AS type,
    100 * most / (n_non + n_specific + n_partial + n_all) AS type_share,
    contribution, top, effect, effect_min, effect_max, gradient
FROM ranked r LEFT JOIN typed t ON t.layer = r.layer AND t.neuron = r.neuron
ORDER BY rank
