-- name: detector-reliability
-- title: Split-half reliability of detectors
-- figure: beyond the paper
-- description: Each detector computed on the first and on the second half of the texts of a corpus. Jaccard index of
--   the two sets of neurons, against chance, and Spearman's rank correlation of the score over all neurons, by
--   language. Scores: entropy (LAPE, over neurons that are ever active in both halves; the same for every language),
--   average precision, probability of being active (P90). Average precision selects as many neurons as LAPE in the
--   same half and language. Languages with texts in one half only are left out.
-- shared: two_halves, activity, lape, p90, precisions, no_specific_sets, detector_sets, set_overlaps
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to compare; at least two.
--   $sign        active|positive|negative = active  What LAPE and P90 count: act(gate), or the weight's sign.
--   $share       number = 1       LAPE: share of all neurons to select, in percent.
--   $percentile  number = 95      LAPE: first bar; 0: none.
--   $language_percentile  number = 95  LAPE: second bar; 0: none.
-- columns:
--   detector   -        The detector.
--   language   -        The language.
--   n_first    neurons  Size of its set on the first half.
--   n_second   neurons  Size of its set on the second half.
--   n_both     neurons  Number of neurons in both sets.
--   jaccard    %        Neurons in both sets, of those in either; NULL if both are empty.
--   by_chance  %        Mean of this for random sets of these sizes.
--   ratio      times    Jaccard index by that of chance.
--   spearman   ρ        Rank correlation of the scores on the two halves; NULL if a score is constant.
WITH scores AS (
    SELECT 0 AS place, NULL AS bit, a.entropy AS x, b.entropy AS y
    FROM entropies a JOIN entropies b USING (layer, neuron)
    WHERE a.part = 'first' AND b.part = 'second' AND a.entropy IS NOT NULL AND b.entropy IS NOT NULL
    UNION ALL
    SELECT 1, l.bit, a.precision, b.precision
    FROM precisions a JOIN precisions b USING (language, layer, neuron)
    JOIN run_languages l ON l.run = $run AND l.language = a.language
    WHERE a.part = 'first' AND b.part = 'second'
    UNION ALL
    SELECT 2, l.bit, a.p, b.p
    FROM activity a JOIN activity b USING (language, layer, neuron)
    JOIN run_languages l ON l.run = $run AND l.language = a.language
    WHERE a.part = 'first' AND b.part = 'second'
), ranks AS (
    -- First plus last place of equal scores: twice their mean rank.
    SELECT place, bit, rank() OVER by_x + count(*) OVER by_x AS x, rank() OVER by_y + count(*) OVER by_y AS y
    FROM scores
    WINDOW by_x AS (PARTITION BY place, bit ORDER BY x), by_y AS (PARTITION BY place, bit ORDER BY y)
), correlations AS (
    SELECT place, bit, if(stddev_pop(x) > 0 AND stddev_pop(y) > 0, corr(x, y), NULL) AS spearman
    FROM ranks
    GROUP BY place, bit
)
SELECT o.detector, o.language, o.n AS n_first, o.n_other AS n_second, o.n_both, 100 * o.jaccard AS jaccard,
    100 * o.by_chance AS by_chance, o.jaccard / nullif(o.by_chance, 0) AS ratio, c.spearman
FROM set_overlaps o JOIN run_languages l ON l.run = $run AND l.language = o.language
LEFT JOIN correlations c ON c.place = o.place AND coalesce(c.bit, l.bit) = l.bit
WHERE o.detector = o.other
ORDER BY o.place, l.bit
