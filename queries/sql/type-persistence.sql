-- name: type-persistence
-- title: Persistence of neuron types over all examples
-- figure: Figures 5, 15 and 16
-- description: Overlap is the share of all neurons that have the type in every example; average is the mean type
--   ratio. Overlap can only decrease with more examples, so compare runs of different size with
--   persistence-at-size. `same_mask` is stricter: the same languages in every example. Overlap is a count over
--   all neurons of the model, so only the average has an interval.
-- shared: subset, type_counts, student
-- parameters:
--   $run        run               The run: number, name or key.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $by_layer   boolean = false   Rows for each layer, or for all layers together.
-- columns:
--   layer       index     Layer, from 0; NULL for all layers together.
--   type        -         Neuron type.
--   average     %         Type ratio: mean over examples of the share of neurons with the type.
--   low         %         Lower end of the 95 % interval of the average (jackknife over folds).
--   high        %         Upper end.
--   overlap     %         Share of all neurons that have the type in every example.
--   of_average  %         Overlap in percent of the average; NULL where the average is 0.
--   same_mask   %         Share of all neurons that have the type with the same languages in every example.
--   n_overlap   neurons   Number of neurons that have the type in every example.
--   n_neurons   neurons   Number of neurons.
--   n_examples  examples  Number of examples.
--   note        -         Remark if some types are undefined or have no intervals, else NULL.
WITH kept AS (
    -- A neuron keeps its type where the fewest and the most languages it is active in are of one type.
    SELECT m.layer, min(bit_count(m.mask & s.mask)) AS fewest, max(bit_count(m.mask & s.mask)) AS most,
        min(m.mask & s.mask) = max(m.mask & s.mask) AS same
    FROM neuron_masks m, subset s
    WHERE m.run = $run
    GROUP BY m.layer, m.neuron
), keepers AS (
    SELECT if($by_layer, layer, NULL) AS layer, count(*) AS n_neurons,
        count_if(most = 0) AS non, count_if(fewest = 1 AND most = 1) AS one,
        count_if(fewest > 1 AND most < p) AS several, count_if(fewest = p) AS every,
        count_if(fewest = 1 AND most = 1 AND same) AS one_same,
        count_if(fewest > 1 AND most < p AND same) AS several_same
    FROM kept, subset
    GROUP BY ALL
), overlap_types AS (
    SELECT layer, n_neurons, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, several, NULL), every]) AS k,
        unnest([non, if(p > 1, one_same, NULL), if(p > 2, several_same, NULL), every]) AS k_same
    FROM keepers, subset
), counts AS (
    SELECT if($by_layer, c.layer, NULL) AS layer, fold, sum(n) AS n, sum(non) AS non, sum(one) AS one,
        sum(every) AS every
    FROM type_counts c
    WHERE threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY ALL
), typed AS (
    SELECT layer, fold, n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every]) AS k
    FROM counts, subset
), left_out AS (
    SELECT layer, type, 100 * sum(k) OVER whole / sum(n) OVER whole AS average,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM typed
    WINDOW whole AS (PARTITION BY layer, type)
), averages AS (
    SELECT layer, type, any_value(average) AS average,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, type, t
)
SELECT o.layer, o.type, a.average, a.average - a.half AS low, a.average + a.half AS high,
    100 * k / n_neurons AS overlap, 100 * overlap / nullif(a.average, 0) AS of_average,
    100 * k_same / n_neurons AS same_mask, k::BIGINT AS n_overlap, n_neurons, r.n_examples, s.note
FROM overlap_types o
LEFT JOIN averages a ON a.type = o.type AND a.layer IS NOT DISTINCT FROM o.layer,
    runs r, subset s
WHERE r.run = $run
ORDER BY o.layer, o.type
