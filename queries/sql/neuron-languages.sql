-- name: neuron-languages
-- title: Languages of a neuron
-- figure:
-- description: How often the neuron is active in each language and specific to it, and its scores in the language.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
-- columns:
--   language      -       Language.
--   active        %       Share of examples in which it is active at the last token.
--   specific      %       Share of examples in which it is specific to this language; NULL with one language.
--   tokens        %       Share of all prompt tokens of the language at which it is active; NULL if not measured.
--   top           %       Share of inputs in which it is among the layer's top 5 % by contribution.
--   contribution  %       Contribution score, mean over examples; NULL without attribution.
--   effect        logits  Effective score, mean over examples; NULL if undefined.
--   effect_min    logits  Smallest effective score.
--   effect_max    logits  Largest effective score.
--   gradient      nats    Gradient attribution, mean over examples with an answer; NULL if not measured.
WITH masks AS (
    SELECT mask, n
    FROM neuron_masks
    WHERE run = $run AND layer = $layer AND neuron = $neuron
), counts AS (
    SELECT l.bit, l.language, 100 * coalesce(sum(n) FILTER (m.mask >> l.bit & 1 = 1), 0) / sum(n) AS active,
        100 * coalesce(sum(n) FILTER (m.mask & s.mask = 1::UBIGINT << l.bit), 0) / sum(n) AS specific
    FROM masks m, run_languages l, subset s
    WHERE l.run = $run AND list_contains($languages, l.language)
    GROUP BY l.bit, l.language
)
SELECT c.language, active, if(p > 1, specific, NULL) AS specific,
    100 * k.n_active / nullif(k.n_tokens, 0) AS tokens,
    100 * a.n_top / a.n AS top, 100 * a.cs_sum / a.n AS contribution, a.es_sum / a.n AS effect,
    a.es_min AS effect_min, a.es_max AS effect_max, g.g_sum / g.n AS gradient
FROM counts c
LEFT JOIN neuron_tokens_active k ON k.run = $run AND k.layer = $layer AND k.neuron = $neuron
    AND k.language = c.language
LEFT JOIN neuron_attribution a ON a.run = $run AND a.layer = $layer AND a.neuron = $neuron
    AND a.language = c.language
LEFT JOIN neuron_gradients g ON g.run = $run AND g.layer = $layer AND g.neuron = $neuron
    AND g.language = c.language, subset
ORDER BY bit
