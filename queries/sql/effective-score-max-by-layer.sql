-- name: effective-score-max-by-layer
-- title: Largest effective score of each layer
-- figure: Figures 11, 25, 26 and 27
-- description: The largest and the smallest effective score (Eq. 10) that a neuron of each type reaches in each
--   layer, over all examples. They are extremes of what was seen, so they have no interval. Where
--   effective scores are not defined there are no rows.
-- many: all
-- shared: subset, scored
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages over which types are told; three or more for all four types.
--   $language   language = NULL   Only inputs in this language; NULL is all chosen ones together.
-- columns:
--   layer     index   Layer, from 0.
--   stack     -       decoder or encoder.
--   position  index   Index of the layer in its stack, from 0.
--   type      -       Neuron type.
--   largest   logits  Largest score.
--   smallest  logits  Smallest score.
--   n         -       Neuron × input pairs.
--   note      -       What to know where types are not all told, else NULL.
WITH scores AS (
    SELECT a.layer, a.type, max(a.es_max) AS largest, min(a.es_min) AS smallest, sum(a.n)::BIGINT AS n
    FROM scored a
    WHERE a.es_sum IS NOT NULL AND ($language IS NULL OR a.language = $language)
    GROUP BY ALL
)
SELECT layer, l.stack, l.position, type, largest, smallest, n, note
FROM scores JOIN layers l USING (layer), subset
WHERE l.run = $run
ORDER BY layer, type
