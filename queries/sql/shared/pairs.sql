-- Lift, phi and Jaccard of each pair of languages: from all examples (fold is NULL) and without each fold.
chosen AS (
    SELECT bit, language, 1::UBIGINT << bit AS flag
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language)
),
pair_masks AS (
    SELECT layer, fold, mask, n::DOUBLE AS n
    FROM mask_histogram
    WHERE run = $run AND scope = 'last' AND layer IN (SELECT layer FROM chosen_layers)
        AND threshold = (SELECT threshold FROM runs WHERE run = $run)
),
chosen_pairs AS (
    -- A language paired with itself counts the neurons active in it.
    SELECT a.bit, b.bit AS other_bit, a.flag | b.flag AS flags
    FROM chosen a JOIN chosen b ON a.bit <= b.bit
),
mask_pairs AS (
    -- There are far fewer masks than rows of the histogram, so each mask is compared with the pairs once.
    SELECT mask, bit, other_bit
    FROM (SELECT DISTINCT mask FROM pair_masks), chosen_pairs
    WHERE mask & flags = flags
),
active_pairs AS (
    SELECT layer, fold, bit, other_bit, sum(n) AS n
    FROM pair_masks JOIN mask_pairs USING (mask)
    GROUP BY layer, fold, bit, other_bit
    UNION ALL
    -- With more than 15 languages, pairs are counted instead of masks.
    SELECT c.layer, c.fold, a.bit, b.bit, sum(c.n)
    FROM language_pairs c JOIN chosen a ON a.language = c.language JOIN chosen b ON b.language = c.other
    WHERE c.run = $run AND c.layer IN (SELECT layer FROM chosen_layers)
    GROUP BY ALL
),
pair_totals AS (
    SELECT layer, fold, sum(n) AS n
    FROM pair_masks
    GROUP BY layer, fold
    UNION ALL
    SELECT layer, fold, sum(n)
    FROM active_histogram
    WHERE run = $run AND scope = 'last' AND layer IN (SELECT layer FROM chosen_layers)
        AND threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY layer, fold
),
pair_counts AS (
    SELECT t.layer, t.fold, a.bit, b.bit AS other_bit, a.language, b.language AS other, t.n,
        coalesce(x.n, 0) AS n_a, coalesce(y.n, 0) AS n_b, coalesce(z.n, 0) AS n_both
    FROM pair_totals t CROSS JOIN chosen a JOIN chosen b ON a.bit < b.bit
    LEFT JOIN active_pairs x ON x.layer = t.layer AND x.fold = t.fold AND x.bit = a.bit AND x.other_bit = a.bit
    LEFT JOIN active_pairs y ON y.layer = t.layer AND y.fold = t.fold AND y.bit = b.bit AND y.other_bit = b.bit
    LEFT JOIN active_pairs z ON z.layer = t.layer AND z.fold = t.fold AND z.bit = a.bit AND z.other_bit = b.bit
),
pair_sums AS (
    SELECT layer, NULL AS fold, bit, other_bit, language, other,
        sum(n) AS n, sum(n_a) AS n_a, sum(n_b) AS n_b, sum(n_both) AS n_both
    FROM pair_counts
    GROUP BY layer, bit, other_bit, language, other
    UNION ALL
    SELECT layer, fold, bit, other_bit, language, other,
        sum(n) OVER pair - n, sum(n_a) OVER pair - n_a, sum(n_b) OVER pair - n_b, sum(n_both) OVER pair - n_both
    FROM pair_counts
    WINDOW pair AS (PARTITION BY layer, bit, other_bit)
),
pairs AS (
    -- Expected counts are computed per layer: n_a n_b / n expected in both, and n_a (1 - n_a / n) the variance.
    SELECT fold, bit, other_bit, language, other,
        sum(n_both) / nullif(sum(n_a * n_b / nullif(n, 0)), 0) AS lift,
        (sum(n_both) - sum(n_a * n_b / nullif(n, 0)))
            / nullif(sqrt(sum(n_a - n_a * n_a / nullif(n, 0)) * sum(n_b - n_b * n_b / nullif(n, 0))), 0) AS phi,
        sum(n_both) / nullif(sum(n_a + n_b - n_both), 0) AS jaccard
    FROM pair_sums
    GROUP BY ALL
)
