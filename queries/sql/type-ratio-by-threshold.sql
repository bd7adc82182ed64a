-- name: type-ratio-by-threshold
-- title: Neuron types by activation threshold
-- figure: Figure 20
-- description: Type ratios when active means greater than 0, 0.1, …: at every threshold that the run was
--   measured with. 95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, type_counts, student
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages over which types are told; three or more for all four types.
--   $by_layer   boolean = true    One set of rows a layer, or one for all layers together.
-- columns:
--   threshold   -      Active means greater than this.
--   layer       index  Layer, from 0; NULL where all layers are taken together.
--   type        -      Neuron type.
--   ratio       %      Type ratio, mean over examples.
--   low         %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high        %      Upper end.
--   note        -      What to know where types are not all told, else NULL.
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
