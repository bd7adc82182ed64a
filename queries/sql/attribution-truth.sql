-- name: attribution-truth
-- title: Scores compared with exact effects of single neurons
-- figure: beyond Eq. 9 and 10
-- description: Spearman correlation of each score with the exact effect: the log-probability of the answer minus that
--   with the weight of one neuron set to zero at the token of measurement, for a random sample of neurons and the
--   first examples (--truth-neurons, --truth-examples). Values of all neurons and inputs of a layer are ranked
--   together; equal values have their mean rank. The contribution score has no sign: compare its correlation with the
--   size of the effect. 95 % intervals: jackknife over up to 20 blocks of the sampled sources, Student's t, cut at -1
--   and 1.
-- shared: student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
-- columns:
--   layer        index     Layer, from 0; NULL: all layers together.
--   score        -         gradient, effective or contribution.
--   correlation  -         Spearman correlation of the score with the effect; NULL if one of them has no variance.
--   low          -         Lower end of its 95 % interval; NULL with fewer than two blocks.
--   high         -         Upper end.
--   size         -         Spearman correlation of the score's absolute value with that of the effect.
--   size_low     -         Lower end of its 95 % interval.
--   size_high    -         Upper end.
--   n            effects   Number of effects, one per neuron and input.
--   n_zero       effects   Effects that are exactly zero, such as those of neurons with weight zero.
--   n_inputs     inputs    Number of inputs.
--   n_clusters   clusters  Number of independent sources of these inputs.
WITH sampled AS (
    SELECT x.cluster, x.example, e.language, e.layer, e.gradient, e.effective, e.contribution, e.effect
    FROM neuron_effects e
    JOIN examples x ON x.run = $run AND x.example = e.example AND x.language = e.language
    WHERE e.run = $run AND list_contains($languages, e.language)
), sources AS (
    SELECT cluster, (row_number() OVER (ORDER BY min(example)) - 1) * 20 // count(*) OVER () AS block
    FROM sampled
    GROUP BY cluster
), scored AS (
    SELECT *
    FROM sampled JOIN sources USING (cluster)
    UNPIVOT (x FOR score IN (gradient, effective, contribution))
), counts AS (
    SELECT layer, score, count(*) AS n, count_if(effect = 0)::BIGINT AS n_zero,
        count(DISTINCT (example, language)) AS n_inputs, count(DISTINCT cluster) AS n_clusters
    FROM scored
    GROUP BY GROUPING SETS ((layer, score), (score))
), compared AS (
    -- Adding 0 makes -0 equal to 0.
    SELECT unnest([layer, NULL]) AS layer, block, score, unnest([false, false]) AS sized, x + 0 AS x, effect + 0 AS y
    FROM scored
    UNION ALL
    SELECT unnest([layer, NULL]), block, score, unnest([true, true]), abs(x), abs(effect)
    FROM scored
), ranked AS (
    SELECT dropped, layer, score, sized,
        rank() OVER (PARTITION BY dropped, layer, score, sized ORDER BY x)
            + (count(*) OVER (PARTITION BY dropped, layer, score, sized, x) - 1) / 2 AS x,
        rank() OVER (PARTITION BY dropped, layer, score, sized ORDER BY y)
            + (count(*) OVER (PARTITION BY dropped, layer, score, sized, y) - 1) / 2 AS y
    FROM compared
    JOIN (SELECT NULL AS dropped UNION ALL SELECT DISTINCT block FROM sources) ON block IS DISTINCT FROM dropped
), correlations AS (
    SELECT dropped, layer, score, sized, if(min(x) < max(x) AND min(y) < max(y), corr(x, y), NULL) AS r
    FROM ranked
    GROUP BY ALL
), halves AS (
    SELECT layer, score, sized, max(r) FILTER (dropped IS NULL) AS r,
        t[count(r) FILTER (dropped IS NOT NULL) - 1] * sqrt((count(r) FILTER (dropped IS NOT NULL) - 1)
            * var_pop(r) FILTER (dropped IS NOT NULL)) AS half
    FROM correlations, student
    GROUP BY layer, score, sized, t
), intervals AS (
    -- greatest and least would ignore NULL.
    SELECT layer, score, sized, r, if(half IS NULL, NULL, greatest(r - half, -1)) AS low,
        if(half IS NULL, NULL, least(r + half, 1)) AS high
    FROM halves
)
SELECT c.layer, c.score, i.r AS correlation, i.low, i.high, s.r AS size, s.low AS size_low, s.high AS size_high,
    n, n_zero, n_inputs, n_clusters
FROM counts c
JOIN intervals i ON i.layer IS NOT DISTINCT FROM c.layer AND i.score = c.score AND NOT i.sized
JOIN intervals s ON s.layer IS NOT DISTINCT FROM c.layer AND s.score = c.score AND s.sized
ORDER BY c.layer NULLS FIRST, list_position(['gradient', 'effective', 'contribution'], c.score)
