-- name: inactive-across-tokens
-- title: Neurons inactive at every token of an input
-- figure: Figure 6
-- description: Share of neurons that are inactive at every token of a prompt: of all neurons, of those inactive at
--   its last token, and of the non-activated neurons (inactive at the last token in every selected
--   language). Inactive at all tokens implies inactive at the last, so the ratios are exact.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- requires_all_languages: true
-- shared: subset, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs; they also define non-activated.
--   $by_layer   boolean = true    Rows for each layer, or for all layers together.
-- columns:
--   layer     index  Layer, from 0; NULL for all layers together.
--   language  -      Language of the input; NULL: inactive at every token in every selected language.
--   among     -      Denominator: all neurons, inactive (at the last token in this language) or non-activated.
--   ratio     %      Share of these neurons that is inactive at every token, over all examples.
--   low       %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      %      Upper end.
WITH by_language AS (
    SELECT if($by_layer, j.layer, NULL) AS layer, j.language, j.fold,
        sum(j.n_silent) AS silent, sum(j.n) AS n,
        coalesce(sum(j.n) FILTER (j.last_mask >> l.bit & 1 = 0), 0) AS inactive,
        coalesce(sum(j.n_silent) FILTER (j.last_mask & s.mask = 0), 0) AS silent_non,
        coalesce(sum(j.n) FILTER (j.last_mask & s.mask = 0), 0) AS non
    FROM mask_joint j JOIN run_languages l ON l.run = j.run AND l.language = j.language, subset s
    WHERE j.run = $run AND list_contains($languages, j.language)
    GROUP BY ALL
), every_language AS (
    SELECT if($by_layer, h.layer, NULL) AS layer, NULL AS language, h.fold,
        coalesce(sum(h.n) FILTER (h.scope = 'any' AND h.mask & s.mask = 0), 0) AS silent,
        sum(h.n) FILTER (h.scope = 'any') AS n,
        coalesce(sum(h.n) FILTER (h.scope = 'last' AND h.mask & s.mask = 0), 0) AS non
    FROM mask_histogram h, subset s
    WHERE h.run = $run AND h.threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY ALL
    HAVING count_if(h.scope = 'any') > 0
    UNION ALL
    SELECT if($by_layer, h.layer, NULL), NULL, h.fold,
        coalesce(sum(h.n) FILTER (h.scope = 'any' AND h.n_active = 0), 0), sum(h.n) FILTER (h.scope = 'any'),
        coalesce(sum(h.n) FILTER (h.scope = 'last' AND h.n_active = 0), 0)
    FROM active_histogram h JOIN subset s ON s.whole
    WHERE h.run = $run AND h.threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY ALL
    HAVING count_if(h.scope = 'any') > 0
), counts AS (
    SELECT layer, language, fold, unnest(['all', 'inactive', 'non-activated']) AS among,
        unnest([silent, silent, silent_non]) AS k, unnest([n, inactive, non]) AS n
    FROM by_language
    UNION ALL
    SELECT layer, language, fold, unnest(['all', 'non-activated']), silent, unnest([n, non])
    FROM every_language
), left_out AS (
    SELECT layer, language, among, 100 * sum(k) OVER whole / nullif(sum(n) OVER whole, 0) AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM counts
    WINDOW whole AS (PARTITION BY layer, language, among)
), intervals AS (
    SELECT layer, language, among, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, language, among, t
)
SELECT layer, i.language, among, ratio, ratio - half AS low, ratio + half AS high
FROM intervals i LEFT JOIN run_languages l ON l.run = $run AND l.language = i.language
ORDER BY layer, bit NULLS LAST, among
