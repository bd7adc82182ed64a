-- name: neuron-types
-- title: Types of a neuron over all examples
-- figure:
-- description: Share of examples in which a neuron has each type, and the most counts languages of each type.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
-- columns:
--   type        -         Neuron type.
--   share       %         Share of examples in which it has the type; NULL if the type is undefined.
--   n           examples  Number of examples in which it has the type.
--   languages   -         Most counts set of active languages when it has the type; NULL if it never has the type.
--   n_examples  examples  Number of examples.
--   note        -         Remark if some types are undefined or have no intervals, else NULL.
WITH masks AS (
    SELECT m.mask & s.mask AS mask, sum(m.n)::INTEGER AS n
    FROM neuron_masks m, subset s
    WHERE m.run = $run AND m.layer = $layer AND m.neuron = $neuron
    GROUP BY ALL
), by_type AS (
    SELECT CASE WHEN m.mask & s.mask = 0 THEN 'non-activated' WHEN m.mask & s.mask = s.mask THEN 'all-shared'
            WHEN bit_count(m.mask & s.mask) = 1 THEN 'specific' ELSE 'partial-shared' END::neuron_type AS type,
        sum(n) AS n, arg_min(m.mask, (-n, m.mask)) AS mask
    FROM masks m, subset s
    GROUP BY ALL
), total AS (
    SELECT sum(n)::INTEGER AS n_examples
    FROM masks
    HAVING sum(n) > 0
), counts AS (
    SELECT k.type, n_examples, note, b.mask, CASE WHEN k.type = 'specific' AND p = 1 THEN NULL
        WHEN k.type = 'partial-shared' AND p < 3 THEN NULL ELSE coalesce(b.n, 0) END::INTEGER AS n
    FROM (SELECT unnest(enum_range(NULL::neuron_type))::neuron_type AS type) k
        LEFT JOIN by_type b USING (type), total, subset
)
SELECT type, 100 * n / n_examples AS share, n,
    (SELECT list(l.language ORDER BY l.bit) FROM run_languages l WHERE l.run = $run
        AND counts.mask >> l.bit & 1 = 1) AS languages,
    n_examples, note
FROM counts
ORDER BY type
