-- name: compare-runs
-- title: Type ratios of two runs
-- figure: Figures 3, 4, 18 and 19, as differences
-- description: Type ratios of two runs over the languages that both have, and the difference. If both runs
--   measured the same examples, the interval of the difference is paired; otherwise the runs count as independent.
--   95 % intervals: jackknife over folds of examples, Student's t with the smaller number of folds.
-- requires_all_languages: true
-- shared: student
-- parameters:
--   $run        run                The run. Default: the last run.
--   $other      run                The run to compare with.
--   $languages  languages = common  Languages of both runs that define the types.
--   $threshold  threshold = run    Activation threshold of both runs; measured thresholds only.
--   $by_layer   boolean = true     Rows for each layer, or for all layers together.
-- columns:
--   layer       index   Layer, from 0, in both runs; NULL for all layers together.
--   type        -       Neuron type.
--   ratio       %       Type ratio of the run; NULL if it lacks the layer.
--   other       %       Type ratio of the other run; NULL if it lacks the layer or the threshold.
--   difference  points  Run minus other run.
--   low         points  Lower end of its 95 % interval; NULL with fewer than two folds.
--   high        points  Upper end.
--   paired      -       Whether both runs measured the same examples.
--   note        -       Remark if some types are undefined or have no intervals, else NULL.
WITH subsets AS (
    SELECT run, bit_or(1::UBIGINT << bit) AS mask, count(*) AS p
    FROM run_languages
    WHERE run IN ($run, $other) AND list_contains($languages, language)
    GROUP BY run
), counts AS (
    SELECT h.run, if($by_layer, h.layer, NULL) AS layer, h.fold, any_value(p) AS p, sum(h.n) AS n,
        coalesce(sum(h.n) FILTER (h.mask & s.mask = 0), 0) AS non,
        coalesce(sum(h.n) FILTER (bit_count(h.mask & s.mask) = 1), 0) AS one,
        coalesce(sum(h.n) FILTER (h.mask & s.mask = s.mask), 0) AS every
    FROM mask_histogram h JOIN subsets s ON s.run = h.run
    WHERE h.run IN ($run, $other) AND h.scope = 'last' AND h.threshold = $threshold
    GROUP BY ALL
    UNION ALL
    SELECT h.run, if($by_layer, h.layer, NULL), h.fold, any_value(p), sum(h.n),
        coalesce(sum(h.n) FILTER (n_active = 0), 0), coalesce(sum(h.n) FILTER (n_active = 1), 0),
        coalesce(sum(h.n) FILTER (n_active = p), 0)
    FROM active_histogram h JOIN runs r ON r.run = h.run JOIN subsets s ON s.run = h.run AND s.mask = r.all_mask
    WHERE h.run IN ($run, $other) AND h.scope = 'last' AND h.threshold = $threshold
    GROUP BY ALL
), typed AS (
    SELECT run, layer, fold, n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every]) AS k
    FROM counts
), left_out AS (
    SELECT run, layer, fold, type, 100 * sum(k) OVER whole / sum(n) OVER whole AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold,
        count(*) OVER whole AS folds
    FROM typed
    WINDOW whole AS (PARTITION BY run, layer, type)
), same AS (
    SELECT count(*) > 0 AND count_if(a.id IS DISTINCT FROM b.id OR a.fold IS DISTINCT FROM b.fold) = 0 AS paired
    FROM (SELECT DISTINCT example, id, fold FROM examples WHERE run = $run) a
    FULL JOIN (SELECT DISTINCT example, id, fold FROM examples WHERE run = $other) b USING (example)
), joined AS (
    SELECT coalesce(a.layer, b.layer) AS layer, coalesce(a.type, b.type) AS type, a.ratio, b.ratio AS other,
        a.without_fold, b.without_fold AS other_without, least(a.folds, b.folds) AS folds, a.folds AS n_a,
        b.folds AS n_b
    FROM (FROM left_out WHERE run = $run) a
    FULL JOIN (FROM left_out WHERE run = $other) b
        ON b.layer IS NOT DISTINCT FROM a.layer AND b.type = a.type AND b.fold = a.fold
), intervals AS (
    SELECT layer, type, any_value(ratio) AS ratio, any_value(other) AS other, any_value(folds) AS folds,
        sqrt((any_value(folds) - 1) * var_pop(without_fold - other_without)) AS paired_error,
        sqrt((any_value(n_a) - 1) * var_pop(without_fold) + (any_value(n_b) - 1) * var_pop(other_without)) AS error
    FROM joined
    GROUP BY layer, type
)
SELECT layer, type, ratio, other, ratio - other AS difference,
    difference - t[folds - 1] * if(paired, paired_error, error) AS low,
    difference + t[folds - 1] * if(paired, paired_error, error) AS high, paired,
    CASE len($languages) WHEN 2 THEN 'two languages: no neuron can be partial-shared'
        WHEN 1 THEN 'one language: a neuron is active (all-shared) or not' END AS note
FROM intervals, same, student
ORDER BY layer, type
