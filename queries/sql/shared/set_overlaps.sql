-- Every two sets of a language that differ in their detector or in their part of the texts: sizes, neurons in both, and
-- the Jaccard index |both| / |either|, also its mean for random sets of these sizes.
common_neurons AS (
    SELECT a.detector, b.detector AS other, a.part, b.part AS other_part, a.language, count(*) AS n_both
    FROM detector_sets a JOIN detector_sets b USING (language, layer, neuron)
    WHERE (a.detector = b.detector AND a.part < b.part) OR (a.detector <> b.detector AND a.part = b.part)
    GROUP BY ALL
), set_pairs AS (
    SELECT a.place, b.place AS other_place, a.detector, b.detector AS other, a.part, b.part AS other_part, a.language,
        a.size AS n, b.size AS n_other, coalesce(c.n_both, 0) AS n_both,
        n_neurons
    FROM detector_sizes a JOIN detector_sizes b USING (language)
    CROSS JOIN (
        -- Of the measured layers: a corpus is read by an encoder only, if there is one.
        SELECT sum(n_neurons)::BIGINT AS n_neurons FROM layers
        WHERE run = $run AND layer IN (SELECT DISTINCT layer FROM activity)
    )
    LEFT JOIN common_neurons c ON c.detector = a.detector AND c.other = b.detector AND c.part = a.part
        AND c.other_part = b.part AND c.language = a.language
    WHERE (a.place = b.place AND a.part < b.part) OR (a.place < b.place AND a.part = b.part)
), common_sizes AS (
    -- Sizes that the common part of random sets can have, within 12 standard deviations of its mean.
    SELECT n, n_other, n_neurons, unnest(range(
        greatest(0, n + n_other - n_neurons, floor(mean - 12 * sd - 12))::BIGINT,
        least(n, n_other, ceil(mean + 12 * sd + 12))::BIGINT + 1)) AS k
    FROM (
        SELECT DISTINCT n, n_other, n_neurons, n * n_other / n_neurons AS mean, sqrt(mean) AS sd
        FROM set_pairs
        WHERE n + n_other > 0
    )
), chances AS (
    -- Hypergeometric: C(n, k) C(N - n, m - k) / C(N, m), up to a factor that cancels.
    SELECT n, n_other, n_neurons, sum(weight * k / (n + n_other - k)) / sum(weight) AS by_chance
    FROM (
        SELECT *, exp(log_weight - max(log_weight) OVER (PARTITION BY n, n_other, n_neurons)) AS weight
        FROM (
            SELECT *, -(lgamma(k + 1.0::DOUBLE) + lgamma(n - k + 1.0::DOUBLE) + lgamma(n_other - k + 1.0::DOUBLE)
                + lgamma(n_neurons - n - n_other + k + 1.0::DOUBLE)) AS log_weight
            FROM common_sizes
        )
    )
    GROUP BY n, n_other, n_neurons
), set_overlaps AS (
    SELECT p.*, p.n_both / nullif(p.n + p.n_other - p.n_both, 0) AS jaccard, c.by_chance
    FROM set_pairs p LEFT JOIN chances c USING (n, n_other, n_neurons)
)
