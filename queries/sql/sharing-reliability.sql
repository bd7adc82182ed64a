-- name: sharing-reliability
-- title: Agreement of sharing and types between halves of the examples, or between two runs
-- figure: beyond Figures 3 and 7
-- description: How well sharing and type ratios repeat. Without `other`: between the examples of even and of odd folds
--   of the run, with clusters kept whole; low values mean too few examples. With `other`: between the run and another
--   one, such as the same model with another prompt template; values well below those of the halves mean that sharing
--   depends on the template, not on the model alone. Correlations over pairs of languages, or over layers; these are
--   not independent, so there are no p-values.
-- parameters:
--   $run        run                 The run. Default: the last run.
--   $other      run = NULL          Another run; NULL: the halves of the run are compared.
--   $languages  languages = common  Languages that form the pairs and define the types.
--   $layer      integer = NULL      Only this layer, for pairs of languages; NULL: all layers.
-- columns:
--   measure         -       What is compared: shared (as in sharing-matrix), phi, lift, jaccard or a type's ratio.
--   over            -       What the correlations are over: language pairs (shared: both orders) or layers.
--   n               -       Number of pairs or layers.
--   spearman        -       Spearman's ρ; NULL for fewer than three or if all are equal.
--   pearson         -       Pearson's r; NULL likewise.
--   spearman_brown  -       Reliability of all examples together, from Pearson's r of the halves: 2r / (1 + r).
--   difference      varies  Mean absolute difference, in the unit of the measure: % or, for lift and phi, none.
--   one             varies  Mean of the even folds, or of the run.
--   two             varies  Mean of the odd folds, or of the other run.
--   note            -       Remark if the two runs have different models, else NULL.
WITH sides AS (
    SELECT r.run, side, r.threshold, r.all_mask, len(r.languages) AS measured
    FROM (SELECT unnest(['one', 'two']) AS side, unnest([$run, coalesce($other, $run)]) AS run)
    JOIN runs r USING (run)
), chosen AS (
    SELECT side, language, bit, 1::UBIGINT << bit AS flag, list_position($languages, language) AS place
    FROM sides JOIN run_languages USING (run)
    WHERE list_contains($languages, language)
), subsets AS (
    SELECT side, bit_or(flag) AS mask, count(*) AS p
    FROM chosen
    GROUP BY side
), masks AS (
    SELECT side, layer, mask, sum(n)::DOUBLE AS n
    FROM mask_histogram h JOIN sides s ON s.run = h.run AND s.threshold = h.threshold
    WHERE scope = 'last' AND ($other IS NOT NULL OR fold % 2 = if(side = 'one', 0, 1))
    GROUP BY ALL
), active AS (
    SELECT side, layer, n_active, sum(n)::DOUBLE AS n
    FROM active_histogram h JOIN sides s ON s.run = h.run AND s.threshold = h.threshold
    WHERE scope = 'last' AND ($other IS NOT NULL OR fold % 2 = if(side = 'one', 0, 1))
    GROUP BY ALL
), chosen_pairs AS (
    SELECT a.side, a.language, b.language AS other, a.place, b.place AS other_place, a.flag | b.flag AS flags
    FROM chosen a JOIN chosen b ON b.side = a.side AND a.place <= b.place
), active_pairs AS (
    SELECT side, layer, language, other, place, other_place, coalesce(sum(n) FILTER (mask & flags = flags), 0) AS n
    FROM masks JOIN chosen_pairs USING (side)
    GROUP BY ALL
    UNION ALL
    -- With more than 15 languages, pairs are counted instead of masks, in the order of the run's languages.
    SELECT c.side, layer, c.language, c.other, place, other_place, sum(n)::DOUBLE
    FROM language_pairs h JOIN sides s ON s.run = h.run JOIN chosen_pairs c ON c.side = s.side
        AND ((h.language = c.language AND h.other = c.other) OR (h.language = c.other AND h.other = c.language))
    WHERE $other IS NOT NULL OR fold % 2 = if(s.side = 'one', 0, 1)
    GROUP BY ALL
), totals AS (
    SELECT side, layer, sum(n) AS n
    FROM (SELECT side, layer, n FROM masks UNION ALL SELECT side, layer, n FROM active)
    GROUP BY side, layer
), pair_counts AS (
    SELECT z.side, z.layer, z.language, z.other, t.n, x.n AS n_a, y.n AS n_b, z.n AS n_both
    FROM active_pairs z JOIN totals t USING (side, layer)
    JOIN active_pairs x ON x.side = z.side AND x.layer = z.layer AND x.place = z.place AND x.other_place = z.place
    JOIN active_pairs y ON y.side = z.side AND y.layer = z.layer AND y.place = z.other_place
        AND y.other_place = z.other_place
    WHERE z.place < z.other_place AND ($layer IS NULL OR z.layer = $layer)
), pair_values AS (
    -- As in sharing-lift: expected counts are computed per layer and summed.
    SELECT side, language || ' ' || other AS item, unnest(['shared', 'phi', 'lift', 'jaccard']) AS measure,
        unnest([100 * sum(n_both) / nullif(sum(n_a), 0),
            (sum(n_both) - sum(n_a * n_b / nullif(n, 0)))
                / nullif(sqrt(sum(n_a - n_a * n_a / nullif(n, 0)) * sum(n_b - n_b * n_b / nullif(n, 0))), 0),
            sum(n_both) / nullif(sum(n_a * n_b / nullif(n, 0)), 0),
            100 * sum(n_both) / nullif(sum(n_a + n_b - n_both), 0)]) AS x
    FROM pair_counts
    GROUP BY side, language, other
    UNION ALL
    SELECT side, other || ' ' || language, 'shared', 100 * sum(n_both) / nullif(sum(n_b), 0)
    FROM pair_counts
    GROUP BY side, language, other
), type_counts AS (
    SELECT side, layer, any_value(p) AS p, sum(n) AS n, coalesce(sum(n) FILTER (h.mask & s.mask = 0), 0) AS non,
        coalesce(sum(n) FILTER (bit_count(h.mask & s.mask) = 1), 0) AS one,
        coalesce(sum(n) FILTER (h.mask & s.mask = s.mask), 0) AS every
    FROM masks h JOIN subsets s USING (side)
    GROUP BY side, layer
    UNION ALL
    SELECT side, layer, any_value(p), sum(n), coalesce(sum(n) FILTER (n_active = 0), 0),
        coalesce(sum(n) FILTER (n_active = 1), 0), coalesce(sum(n) FILTER (n_active = p), 0)
    FROM active JOIN subsets USING (side) JOIN sides USING (side)
    WHERE p = measured
    GROUP BY side, layer
), type_values AS (
    SELECT side, layer::VARCHAR AS item, unnest(enum_range(NULL::neuron_type))::VARCHAR AS measure,
        unnest([100 * non / n, if(p > 1, 100 * one / n, NULL), if(p > 2, 100 * (n - non - one - every) / n, NULL),
            100 * every / n]) AS x
    FROM type_counts
), joined AS (
    SELECT measure, 'language pairs' AS over, a.x AS one, b.x AS two
    FROM (FROM pair_values WHERE side = 'one') a JOIN (FROM pair_values WHERE side = 'two') b USING (measure, item)
    UNION ALL
    SELECT measure, 'layers', a.x, b.x
    FROM (FROM type_values WHERE side = 'one') a JOIN (FROM type_values WHERE side = 'two') b USING (measure, item)
), ranks AS (
    -- Equal values share the mean of their ranks.
    SELECT *, rank() OVER (PARTITION BY measure ORDER BY round(one, 12))
            + (count(*) OVER (PARTITION BY measure, round(one, 12)) - 1) / 2 AS rank_one,
        rank() OVER (PARTITION BY measure ORDER BY round(two, 12))
            + (count(*) OVER (PARTITION BY measure, round(two, 12)) - 1) / 2 AS rank_two
    FROM joined
    WHERE one IS NOT NULL AND two IS NOT NULL
), compared AS (
    SELECT measure, over, count(*) AS n,
        count(*) > 2 AND min(rank_one) < max(rank_one) AND min(rank_two) < max(rank_two) AS varied,
        if(varied, corr(rank_one, rank_two), NULL) AS spearman, if(varied, corr(one, two), NULL) AS pearson,
        avg(abs(one - two)) AS difference, avg(one) AS one, avg(two) AS two
    FROM ranks
    GROUP BY measure, over
)
SELECT measure, over, n, spearman, pearson,
    CASE WHEN $other IS NULL AND pearson > -1 THEN 2 * pearson / (1 + pearson) END AS spearman_brown,
    difference, one, two,
    CASE WHEN (SELECT count(DISTINCT model) FROM runs WHERE run IN ($run, $other)) > 1
        THEN 'the two runs have different models' END AS note
FROM compared
ORDER BY over, list_position(['shared', 'phi', 'lift', 'jaccard'], measure), measure
