-- name: type-ratio-by-threshold
-- title: Neuron types by activation threshold
-- figure: Figure 20
-- description: Type ratios at every measured activation threshold (0, 0.1, …).
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, type_counts, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $by_layer   boolean = true    Rows for each layer, or for all layers together.
-- columns:
--   threshold   -      A neuron is active if its activation is greater than this.
--   layer       index  Layer, from 0; NULL for all layers together.
--   type        -      Neuron type.
--   ratio       %      Type ratio, mean over examples.
--   low         %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high        %      Upper end.
--   note        -      Remark if some types are undefined or have no intervals, else NULL.
WITH counts AS (
    SELECT threshold, if($by_layer, c.layer, NULL) AS layer, fold, sum(n) AS n, sum(non) AS non, sum(one) AS one,
        sum(every) AS every
    FROM type_counts c
    GROUP BY ALL
), typed AS (
    SELECT threshold, layer, fold, n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every]) AS k
    FROM counts, subset
), left_out AS (
    SELECT threshold, layer, type, 100 * sum(k) OVER whole / sum(n) OVER whole AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM typed
    WINDOW whole AS (PARTITION BY threshold, layer, type)
), intervals AS (
    SELECT threshold, layer, type, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY threshold, layer, type, t
)
SELECT threshold, layer, type, ratio, ratio - half AS low, ratio + half AS high, note
FROM intervals, subset
ORDER BY threshold, layer, type
