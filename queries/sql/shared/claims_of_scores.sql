-- Claims about contribution and effective scores: claim, comparison and estimate, as in claims_of_types. As in
-- `scored`, list_position is quicker than list_contains.
score_folds AS (
    SELECT a.fold, a.type, sum(a.n) AS n, sum(a.n_top) AS n_top, sum(a.cs_sum) AS cs
    FROM scored a, subset
    WHERE p > 2
    GROUP BY ALL
),
score_drops AS (
    SELECT NULL::INTEGER AS dropped
    UNION ALL
    SELECT DISTINCT fold
    FROM score_folds
),
score_types AS (
    SELECT dropped, type, 100 * sum(n_top) / nullif(sum(sum(n_top)) OVER (PARTITION BY dropped), 0) AS top,
        sum(cs) / nullif(sum(n), 0) AS average
    FROM score_folds JOIN score_drops ON fold IS DISTINCT FROM dropped
    GROUP BY dropped, type
),
every_type AS (
    -- A type without neurons among the top has a share of 0 but no average.
    SELECT d.dropped, k.type, coalesce(s.top, 0) AS top, s.average
    FROM score_drops d CROSS JOIN (SELECT unnest(enum_range(NULL::neuron_type))::neuron_type AS type) k
    LEFT JOIN score_types s ON s.dropped IS NOT DISTINCT FROM d.dropped AND s.type = k.type
    WHERE (SELECT count(*) FROM score_folds) > 0
),
stack_halves AS (
    SELECT layer, 2 * position >= count(*) OVER (PARTITION BY stack) AS upper
    FROM layers
    WHERE run = $run AND stack = 'decoder'
),
example_folds AS (
    SELECT DISTINCT example, fold
    FROM examples
    WHERE run = $run
),
input_extremes AS (
    SELECT a.example, a.language, a.type, max(a.es_max) AS largest, min(a.es_min) AS smallest
    FROM attribution a
    WHERE a.run = $run AND list_position($languages, a.language) > 0 AND a.es_max IS NOT NULL
    GROUP BY ALL
),
input_gaps AS (
    SELECT f.fold, b.type, e.largest - b.largest AS above, b.smallest - e.smallest AS below
    FROM input_extremes e
    JOIN input_extremes b ON b.example = e.example AND b.language = e.language AND b.type != e.type
    JOIN example_folds f ON f.example = e.example
    WHERE e.type = 'all-shared'
),
gap_folds AS (
    SELECT fold, type, sum(above) AS above, sum(below) AS below, count(*) AS n
    FROM input_gaps
    GROUP BY fold, type
),
layer_maxima AS (
    SELECT example, language, layer, max(es_max) AS largest
    FROM attribution
    WHERE run = $run AND list_position($languages, language) > 0 AND es_max IS NOT NULL
    GROUP BY ALL
),
half_folds AS (
    SELECT f.fold, h.upper, sum(m.largest) AS largest, count(*) AS n
    FROM layer_maxima m JOIN stack_halves h USING (layer) JOIN example_folds f USING (example)
    GROUP BY f.fold, h.upper
),
half_means AS (
    SELECT dropped, sum(largest) FILTER (upper) / nullif(sum(n) FILTER (upper), 0) AS upper,
        sum(largest) FILTER (NOT upper) / nullif(sum(n) FILTER (NOT upper), 0) AS lower
    FROM half_folds JOIN score_drops ON fold IS DISTINCT FROM dropped
    GROUP BY dropped
),
score_estimates AS (
    SELECT 'all-shared-contribute-most' AS claim, o.type::VARCHAR AS versus, e.dropped, e.top - o.top AS x
    FROM every_type e JOIN every_type o ON o.dropped IS NOT DISTINCT FROM e.dropped AND o.type != e.type
    WHERE e.type = 'all-shared'
    UNION ALL
    SELECT 'partial-shared-second', o.type::VARCHAR, e.dropped, e.top - o.top
    FROM every_type e JOIN every_type o ON o.dropped IS NOT DISTINCT FROM e.dropped
    WHERE e.type = 'partial-shared' AND o.type IN ('specific', 'non-activated')
    UNION ALL
    SELECT 'all-shared-highest-average', o.type::VARCHAR, e.dropped, ln(e.average / nullif(o.average, 0))
    FROM every_type e JOIN every_type o ON o.dropped IS NOT DISTINCT FROM e.dropped AND o.type != e.type
    WHERE e.type = 'all-shared' AND o.average IS NOT NULL
    UNION ALL
    SELECT 'all-shared-extremes', type || unnest([', largest', ', smallest']), dropped,
        unnest([sum(above) / nullif(sum(n), 0), sum(below) / nullif(sum(n), 0)])
    FROM gap_folds JOIN score_drops ON fold IS DISTINCT FROM dropped
    GROUP BY type, dropped
    UNION ALL
    SELECT 'upper-layers-matter', 'lower half', dropped, upper - lower
    FROM half_means
)
