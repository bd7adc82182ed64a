-- name: effective-score-max-by-layer
-- title: Largest effective score of each layer
-- figure: Figures 11, 25, 26 and 27
-- description: Largest and smallest effective score (Eq. 10) of the neurons of each type in each layer, over all
--   examples. Extremes have no interval. There are no rows if effective scores are undefined.
-- requires_all_languages: true
-- shared: subset, scored
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $language   language = NULL   Only inputs in this language; NULL: all selected languages together.
-- columns:
--   layer     index   Layer, from 0.
--   stack     -       decoder or encoder.
--   position  index   Index of the layer in its stack, from 0.
--   type      -       Neuron type.
--   largest   logits  Largest score.
--   smallest  logits  Smallest score.
--   n         -       Number of neuron × input pairs.
--   note      -       Remark if some types are undefined or have no intervals, else NULL.
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
