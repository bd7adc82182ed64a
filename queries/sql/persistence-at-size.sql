-- name: persistence-at-size
-- title: How overlap shrinks as examples grow
-- figure: beyond Figures 5, 15 and 16
-- description: The share of neurons that would keep their type over a random draw of s of the run's S
--   examples: the mean over neurons of C(n_t, s) / C(S, s), exact, with n_t the examples in which the
--   neuron has the type. At s = 1 it is the average of Figure 5, at s = S the overlap; so runs of
--   different size compare at equal s.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages over which types are told; three or more for all four types.
--   $sizes      integers = NULL   Sizes s; NULL is 1, 2, 5, 10, 20, 50, … and S.
-- columns:
--   size        examples  Examples drawn, s.
--   type        -         Neuron type.
--   overlap     %         Share of all neurons that keep the type over the draw, in expectation.
--   n_neurons   neurons   Neurons looked at.
--   n_examples  examples  Examples of the run, S.
--   note        -         What to know where types are not all told, else NULL.
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
