-- name: type-ratio-by-layer
-- title: Neuron types by layer
-- figure: Figures 3, 4, 12, 13, 14, 18 and 19
-- description: Share of a layer's neurons that are all-shared, partial-shared, specific and non-activated at the
--   last prompt token, mean over examples (Eq. 7 and 8), for any set of languages. With two languages there is
--   no partial-shared type; with one, a neuron is either active (reported as all-shared) or not. Undefined
--   types are NULL, with a remark in `note`.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, type_counts, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $threshold  threshold = run   A neuron is active if its activation is greater than this; measured thresholds only.
-- columns:
--   layer       index     Layer, from 0, through all stacks.
--   stack       -         decoder or encoder.
--   position    index     Index of the layer in its stack, from 0.
--   type        -         Neuron type.
--   ratio       %         Type ratio: share of the layer's neurons, mean over examples.
--   low         %         Lower end of its 95 % interval; NULL with fewer than two folds.
--   high        %         Upper end.
--   n_neurons   neurons   Number of neurons of the layer.
--   n_examples  examples  Number of examples.
--   note        -         Remark if some types are undefined or have no intervals, else NULL.
WITH typed AS (
    SELECT layer, fold, n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every]) AS k
    FROM type_counts, subset
    WHERE threshold = $threshold
), left_out AS (
    SELECT layer, type, sum(n) OVER whole AS n, 100 * sum(k) OVER whole / sum(n) OVER whole AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM typed
    WINDOW whole AS (PARTITION BY layer, type)
), intervals AS (
    SELECT layer, type, any_value(n) AS n, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, type, t
)
SELECT layer, l.stack, l.position, type, ratio, ratio - half AS low, ratio + half AS high,
    l.n_neurons, (n / l.n_neurons)::INTEGER AS n_examples, note
FROM intervals JOIN layers l USING (layer), subset
WHERE l.run = $run
ORDER BY layer, type
