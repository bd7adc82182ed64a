-- name: persistence-at-size
-- title: Persistence by number of examples
-- figure: beyond Figures 5, 15 and 16
-- description: Expected share of neurons with the same type in all of s examples, drawn at random from the run's S
--   examples: the mean over neurons of C(n_t, s) / C(S, s), exact, where n_t is the number of examples in
--   which the neuron has the type. At s = 1 it is the average of Figure 5, at s = S the overlap. Runs of
--   different size can be compared at equal s.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $sizes      integers = NULL   Sizes s; NULL: 1, 2, 5, 10, 20, 50, … and S.
-- columns:
--   size        examples  Number of drawn examples, s.
--   type        -         Neuron type.
--   overlap     %         Expected share of all neurons that have the type in all drawn examples.
--   n_neurons   neurons   Number of neurons.
--   n_examples  examples  Number of examples of the run, S.
--   note        -         Remark if some types are undefined or have no intervals, else NULL.
WITH neuron_counts AS (
    SELECT coalesce(sum(m.n) FILTER (m.mask & s.mask = 0), 0)::INTEGER AS non,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) = 1), 0)::INTEGER AS one,
        coalesce(sum(m.n) FILTER (m.mask & s.mask = s.mask), 0)::INTEGER AS every,
        sum(m.n)::INTEGER AS n
    FROM neuron_masks m, subset s
    WHERE m.run = $run
    GROUP BY m.layer, m.neuron
), typed AS (
    SELECT n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every]) AS n_type
    FROM neuron_counts, subset
), histogram AS (
    SELECT type, n, n_type, count(*) AS neurons
    FROM typed
    GROUP BY ALL
), sizes AS (
    SELECT DISTINCT unnest(coalesce($sizes::INTEGER[], list_filter(
        [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, n_examples], lambda s: s <= n_examples
    ))) AS size, n_examples
    FROM runs
    WHERE run = $run
)
SELECT size, type,
    100 * sum(neurons * CASE WHEN n_type IS NULL THEN NULL WHEN n_type < size THEN 0
        ELSE exp(lgamma(n_type + 1) - lgamma(n_type - size + 1) - lgamma(n + 1) + lgamma(n - size + 1)) END)
        / sum(neurons) AS overlap,
    sum(neurons)::BIGINT AS n_neurons, n_examples, note
FROM histogram, sizes, subset
WHERE size BETWEEN 1 AND n_examples
GROUP BY size, type, n_examples, note
ORDER BY size, type
