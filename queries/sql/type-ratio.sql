-- name: type-ratio
-- title: Neuron types over all layers
-- figure: Tables 2 and 4, column pct.
-- description: Share of the model's neurons that have each type, mean over examples, for each stack of the model.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, type_counts, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $threshold  threshold = run   A neuron is active if its activation is greater than this; measured thresholds only.
-- columns:
--   stack       -         decoder or encoder.
--   type        -         Neuron type.
--   ratio       %         Type ratio: share of the stack's neurons, mean over examples.
--   low         %         Lower end of its 95 % interval; NULL with fewer than two folds.
--   high        %         Upper end.
--   n_layers    layers    Number of layers of the stack.
--   n_neurons   neurons   Number of neurons of the stack.
--   n_examples  examples  Number of examples.
--   note        -         Remark if some types are undefined or have no intervals, else NULL.
WITH stacks AS (
    SELECT stack, count(*)::INTEGER AS n_layers, sum(n_neurons)::BIGINT AS n_neurons
    FROM layers
    WHERE run = $run
    GROUP BY stack
), counts AS (
    SELECT l.stack, c.fold, sum(c.n) AS n, sum(c.non) AS non, sum(c.one) AS one, sum(c.every) AS every
    FROM type_counts c JOIN layers l ON l.run = $run AND l.layer = c.layer
    WHERE c.threshold = $threshold
    GROUP BY ALL
), typed AS (
    SELECT stack, fold, n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every]) AS k
    FROM counts, subset
), left_out AS (
    SELECT stack, type, sum(n) OVER whole AS n, 100 * sum(k) OVER whole / sum(n) OVER whole AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM typed
    WINDOW whole AS (PARTITION BY stack, type)
), intervals AS (
    SELECT stack, type, any_value(n) AS n, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY stack, type, t
)
SELECT stack, type, ratio, ratio - half AS low, ratio + half AS high, n_layers, n_neurons,
    (n / n_neurons)::INTEGER AS n_examples, note
FROM intervals JOIN stacks USING (stack), subset
ORDER BY stack DESC, type
