-- name: contribution-top-share
-- title: Types of the top contributors
-- figure: Figures 9, 21, 22, 23 and 24
-- description: Types of the top 5 % of each layer by contribution score (Eq. 9), for inputs in each language: a
--   ratio of sums over examples. 95 % intervals: jackknife over folds of examples, Student's t.
-- requires_all_languages: true
-- shared: subset, scored, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $language   language = NULL   Only inputs in this language; NULL: each selected language.
--   $by_layer   boolean = true    Rows for each layer, or for all layers together.
-- columns:
--   language  -      Language of the input; NULL: all inputs in the selected languages.
--   layer     index  Layer, from 0; NULL for all layers together.
--   type      -      Neuron type.
--   ratio     %      Share of the top neurons that have the type.
--   low       %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      %      Upper end.
--   note      -      Remark if some types are undefined or have no intervals, else NULL.
WITH by_language AS (
    SELECT a.language, if($by_layer, a.layer, NULL) AS layer, a.fold, sum(a.n_top) AS n,
        coalesce(sum(a.n_top) FILTER (a.type = 'non-activated'), 0) AS non,
        coalesce(sum(a.n_top) FILTER (a.type = 'specific'), 0) AS one,
        coalesce(sum(a.n_top) FILTER (a.type = 'all-shared'), 0) AS every
    FROM scored a
    WHERE $language IS NULL OR a.language = $language
    GROUP BY ALL
), counts AS (
    FROM by_language
    UNION ALL
    SELECT NULL, layer, fold, sum(n), sum(non), sum(one), sum(every)
    FROM by_language
    GROUP BY layer, fold
), typed AS (
    SELECT language, layer, fold, n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every]) AS k
    FROM counts, subset
), left_out AS (
    SELECT language, layer, type, 100 * sum(k) OVER whole / nullif(sum(n) OVER whole, 0) AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM typed
    WINDOW whole AS (PARTITION BY language, layer, type)
), intervals AS (
    SELECT language, layer, type, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY language, layer, type, t
)
SELECT i.language, layer, type, ratio, ratio - half AS low, ratio + half AS high, note
FROM intervals i LEFT JOIN run_languages l ON l.run = $run AND l.language = i.language, subset
ORDER BY bit NULLS LAST, layer, type
