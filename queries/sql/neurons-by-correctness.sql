-- name: neurons-by-correctness
-- title: Neurons that are active where the answer is right and not where it is wrong
-- figure: beyond Section 5.2
-- description: Within each example with both right and wrong answers, the share of the languages with a right answer in
--   which a neuron is active is compared with the same share of the languages with a wrong one. A language that is
--   often right has neurons of its own, so the mean activity of each neuron in each language is subtracted first.
--   z: the difference divided by its standard deviation for activity that is independent of the answers.
--   Permutation test: within each example, random languages are right, as many as are, in the same way for all examples
--   of a cluster, and z is computed again for every neuron. A language is drawn with its odds of a right answer, so
--   that languages keep their accuracy. p is the share of the permutations, including the observed answers, whose
--   largest |z| of all neurons is at least that of the neuron: it holds for all neurons together (family-wise). Calls
--   with the same seed give the same permutations. Above 20 million neurons times inputs, a random part of the examples
--   is compared, at least 50; all layers take about a minute in a large file. Empty if the masks were not stored or no
--   example has both right and wrong answers.
-- parameters:
--   $run           run                  The run: number, name or key. Default: the last run.
--   $languages     languages = all      Languages of the inputs.
--   $layer         integer = NULL       Only this layer, and the test over its neurons; NULL: all layers.
--   $active        right|wrong = right  right: neurons more active with right answers first; wrong: the opposite.
--   $permutations  integer = 199        Number of permutations; the smallest p is 1 / (1 + permutations).
--   $seed          integer = 0          Another number gives other permutations.
--   $limit         integer = 100        Maximum number of rows.
-- columns:
--   layer         index     Layer, from 0.
--   neuron        index     Neuron, from 0.
--   active_right  %         Share of the languages with a right answer in which it is active, mean over examples.
--   active_wrong  %         Share of the languages with a wrong answer in which it is active, mean over examples.
--   difference    points    Right minus wrong, without the mean activity in each language.
--   z             -         The difference in standard deviations.
--   p             -         Family-wise p-value, two-sided.
--   n_examples    examples  Number of compared examples.
--   n_right       inputs    Number of their inputs with right answers.
--   n_wrong       inputs    Number of their inputs with wrong answers.
WITH mixed AS (
    SELECT x.example, any_value(x.cluster) AS cluster, count_if(x.correct)::DOUBLE AS n_right,
        count_if(NOT x.correct)::DOUBLE AS n_wrong, bit_or(1::UBIGINT << l.bit) AS judged,
        bit_or(1::UBIGINT << l.bit) FILTER (x.correct) AS right_mask
    FROM examples x JOIN run_languages l ON l.run = x.run AND l.language = x.language
    WHERE x.run = $run AND list_contains($languages, x.language) AND x.correct IS NOT NULL
    GROUP BY x.example
    HAVING n_right > 0 AND n_wrong > 0
), room AS (
    SELECT greatest(50, 20_000_000 // (sum(n_neurons) * len($languages))) AS most
    FROM layers
    WHERE run = $run AND ($layer IS NULL OR layer = $layer)
), compared AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY example) AS place, dense_rank() OVER (ORDER BY cluster) AS block
    FROM (FROM mixed QUALIFY row_number() OVER (ORDER BY hash(example), example) <= (SELECT most FROM room))
), inputs AS MATERIALIZED (
    -- Every judged input; `ease` is the logarithm of the odds of a right answer in its language.
    SELECT place, block, bit, n_right, n_wrong, is_right,
        ln((count_if(is_right) OVER same + 0.5) / (count_if(NOT is_right) OVER same + 0.5)) AS ease
    FROM (
        SELECT c.*, l.bit, c.right_mask >> l.bit & 1 = 1 AS is_right
        FROM compared c JOIN run_languages l ON l.run = $run AND c.judged >> l.bit & 1 = 1
    )
    WINDOW same AS (PARTITION BY bit)
), shuffled AS (
    -- The languages of an example in random order, easy ones first with the odds of their language: the first n_right
    -- of them are right. -ln(-ln(u)) of a uniform u gives this order. hash() takes one number; of several it gives few
    -- different orders.
    SELECT shuffle, place, bit, n_right, n_wrong, row_number() OVER (
            PARTITION BY shuffle, place ORDER BY ease
                - ln(-ln((hash((($seed * 1_000 + shuffle) * 1_000_000 + block) * 64 + bit) >> 11) / 2::DOUBLE ** 53))
                DESC, bit
        ) <= n_right AS is_right
    FROM inputs, range(1, $permutations + 1) r(shuffle)
    UNION ALL
    SELECT 0, place, bit, n_right, n_wrong, is_right
    FROM inputs
), weights AS (
    -- Without the mean of each language: the same as leaving the mean activity in each language out.
    SELECT shuffle, place, bit, weight - avg(weight) OVER (PARTITION BY shuffle, bit) AS weight
    FROM (SELECT *, if(is_right, 1 / n_right, -1 / n_wrong) AS weight FROM shuffled)
), all_places AS (
    SELECT c.place, l.bit
    FROM compared c, run_languages l
    WHERE l.run = $run AND list_contains($languages, l.language)
), vectors AS MATERIALIZED (
    -- Of length 1 each.
    SELECT shuffle, any_value(norm) AS norm, list((coalesce(weight, 0) / norm)::FLOAT ORDER BY place, bit) AS vector
    FROM (FROM all_places, (SELECT shuffle, sqrt(sum(weight * weight)) AS norm FROM weights GROUP BY shuffle))
    LEFT JOIN weights USING (shuffle, place, bit)
    GROUP BY shuffle
), patterns AS MATERIALIZED (
    -- The languages of each mask as ones and zeros.
    SELECT mask, list_transform(bits, lambda bit: (mask >> bit & 1)::FLOAT) AS pattern
    FROM (
        SELECT DISTINCT a.mask
        FROM activations a JOIN compared c ON c.example = a.example
        WHERE a.run = $run AND ($layer IS NULL OR a.layer = $layer)
    ), (
        SELECT list(bit ORDER BY bit) AS bits
        FROM run_languages
        WHERE run = $run AND list_contains($languages, language)
    )
), neurons AS MATERIALIZED (
    SELECT a.layer, a.neuron, flatten(list(p.pattern ORDER BY c.place)) AS activity,
        sqrt(sum(bit_count(a.mask & judged)::DOUBLE * bit_count(~a.mask & judged) / (n_right + n_wrong))
            / sum(n_right + n_wrong - 1)) AS sd,
        100 * avg(bit_count(a.mask & right_mask) / n_right) AS active_right,
        100 * avg(bit_count(a.mask & judged & ~right_mask) / n_wrong) AS active_wrong
    FROM activations a JOIN compared c ON c.example = a.example JOIN patterns p ON p.mask = a.mask
    WHERE a.run = $run AND ($layer IS NULL OR a.layer = $layer)
    GROUP BY a.layer, a.neuron
    HAVING sd > 0
), scores AS (
    SELECT shuffle, list_dot_product(activity, vector) / sd AS z
    FROM vectors, neurons
), largest AS MATERIALIZED (
    SELECT shuffle, max(round(abs(z), 4)) AS largest
    FROM scores
    GROUP BY shuffle
), ranked AS (
    SELECT n.layer, n.neuron, active_right, active_wrong,
        list_dot_product(activity::DOUBLE[], vector::DOUBLE[]) / sd AS z, 100 * z * sd * norm AS sum
    FROM neurons n JOIN vectors v ON v.shuffle = 0
    ORDER BY if($active = 'right', -1, 1) * round(z, 4), layer, neuron
    LIMIT $limit
)
SELECT layer, neuron, active_right, active_wrong, sum / n_examples AS difference, z,
    (SELECT count(*) / ($permutations + 1) FROM largest WHERE largest >= round(abs(z), 4)) AS p,
    n_examples, n_right, n_wrong
FROM ranked, (
    SELECT count(*) AS n_examples, sum(n_right)::BIGINT AS n_right, sum(n_wrong)::BIGINT AS n_wrong
    FROM compared
)
ORDER BY if($active = 'right', -1, 1) * round(z, 4), layer, neuron
