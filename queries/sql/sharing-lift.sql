-- name: sharing-lift
-- title: Sharing of two languages compared with chance
-- figure: beyond Figure 7
-- description: How often two languages activate the same neuron, compared with what their activity rates predict:
--   lift (ratio of observed to expected), phi (correlation within layers, pooled) and Jaccard (share of neurons
--   active in both among those active in either). Expected counts are computed per layer and summed, so that
--   differences in activity between layers do not count as sharing. 95 % intervals: jackknife over folds, Student's t.
-- shared: student, one_or_all_layers, pairs
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that form the pairs.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
-- columns:
--   language      -  One language.
--   other         -  The other one.
--   lift          -  Observed divided by expected number of neurons active in both; 1 is chance.
--   lift_low      -  Lower end of its 95 % interval; NULL with fewer than two folds.
--   lift_high     -  Upper end.
--   phi           -  Correlation of the two languages' activity over neurons, within layers; 0 is chance.
--   phi_low       -  Lower end.
--   phi_high      -  Upper end.
--   jaccard       %  Neurons active in both, share of those active in either.
--   jaccard_low   %  Lower end.
--   jaccard_high  %  Upper end.
WITH spreads AS (
    SELECT bit, other_bit, language, other,
        any_value(lift) FILTER (fold IS NULL) AS lift, any_value(phi) FILTER (fold IS NULL) AS phi,
        100 * any_value(jaccard) FILTER (fold IS NULL) AS jaccard,
        t[count(fold) - 1] * sqrt(count(fold) - 1) AS scale,
        stddev_pop(lift) FILTER (fold IS NOT NULL) AS lift_spread,
        stddev_pop(phi) FILTER (fold IS NOT NULL) AS phi_spread,
        100 * stddev_pop(jaccard) FILTER (fold IS NOT NULL) AS jaccard_spread
    FROM pairs, student
    GROUP BY bit, other_bit, language, other, t
)
SELECT language, other, lift, lift - scale * lift_spread AS lift_low, lift + scale * lift_spread AS lift_high,
    phi, phi - scale * phi_spread AS phi_low, phi + scale * phi_spread AS phi_high,
    jaccard, jaccard - scale * jaccard_spread AS jaccard_low, jaccard + scale * jaccard_spread AS jaccard_high
FROM spreads
ORDER BY bit, other_bit
