-- name: detectors-by-layer
-- title: Language-specific neurons by detector and layer
-- figure: beyond the paper
-- description: Number of neurons that each detector selects for each language, by layer. LAPE and P90 select as many
--   neurons as pass (queries lape-neurons and p90-neurons); average precision selects as many as LAPE in the same
--   language. "specific": neurons that are specific to the language in most examples of a parallel run of the same
--   model (types_run).
-- shared: one_part, activity, lape, p90, precisions, specific_sets, detector_sets
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to compare; at least two.
--   $types_run   run = NULL       Parallel run of the same model whose specific neurons are counted; NULL: none.
--   $sign        active|positive|negative = active  What LAPE and P90 count: act(gate), or the weight's sign.
--   $half        both|first|second = both  Texts of a corpus: all, or one half.
--   $share       number = 1       LAPE: share of all neurons to select, in percent.
--   $percentile  number = 95      LAPE: first bar; 0: none.
--   $language_percentile  number = 95  LAPE: second bar; 0: none.
-- columns:
--   detector  -        The detector.
--   language  -        The language.
--   layer     index    Layer, from 0.
--   n         neurons  Number of selected neurons.
--   ratio     %        Share of the neurons of the layer.
WITH counts AS (
    SELECT detector, language, layer, count(*) AS n
    FROM detector_sets
    GROUP BY detector, language, layer
)
SELECT d.detector, d.language, y.layer, coalesce(c.n, 0) AS n, 100 * coalesce(c.n, 0) / y.n_neurons AS ratio
FROM detector_sizes d JOIN run_languages l ON l.run = $run AND l.language = d.language
JOIN layers y ON y.run = $run AND y.layer IN (SELECT DISTINCT layer FROM activity)
LEFT JOIN counts c ON c.detector = d.detector AND c.language = d.language AND c.layer = y.layer
ORDER BY d.place, l.bit, y.layer
