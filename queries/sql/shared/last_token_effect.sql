-- Shares of the difference between two prompts that have nothing in common, from all sampled examples (dropped is NULL)
-- and without each fold. Needs prompt_pairs.
-- Languages with several last tokens: only in them can last token and language be separated.
varied AS (
    SELECT bit
    FROM prompt_pairs
    WHERE bit = other_bit
    GROUP BY bit
    HAVING count_if(same_token) >= 10 AND count_if(NOT same_token) >= 0.1 * count(*)
),
token_design AS (
    -- tied: prompts of one language often have equal last tokens, but too seldom different ones as well.
    SELECT n_varied > 1 AS separable, n_varied, n_varied < 2 AND n_tokens > 1 AND repeated >= 0.1 AS tied, n_languages,
        n_examples, n_own_tokens
    FROM (
        SELECT count(DISTINCT bit) AS n_languages, count(DISTINCT place) AS n_examples,
            count(DISTINCT token) AS n_tokens, count(DISTINCT (bit, token)) AS n_own_tokens
        FROM prompt_texts
    ), (SELECT count(*) AS n_varied FROM varied),
        (SELECT coalesce(avg(same_token::INTEGER), 0) AS repeated FROM prompt_pairs WHERE bit = other_bit)
),
difference_sums AS (
    SELECT if(bit = other_bit, bit, NULL) AS bit, if(separable, same_token, NULL) AS same_token, same_example,
        fold, other_fold, sum(differ)::DOUBLE AS d, count(*)::DOUBLE AS n
    FROM prompt_pairs, token_design
    WHERE NOT separable OR (bit IN (FROM varied) AND other_bit IN (FROM varied))
    GROUP BY ALL
),
difference_means AS (
    SELECT dropped, bit, same_token, same_example, sum(d) / sum(n) AS d, sum(n) AS n
    FROM difference_sums
    JOIN (SELECT NULL::INTEGER AS dropped UNION ALL SELECT DISTINCT fold FROM prompt_sample) folds
        ON fold IS DISTINCT FROM dropped AND other_fold IS DISTINCT FROM dropped
    GROUP BY ALL
),
between_languages AS (
    -- Prompts with nothing in common; with only the last token in common; only the example; both.
    SELECT dropped, nullif(max(d) FILTER (NOT same_example AND same_token IS DISTINCT FROM true), 0) AS whole,
        max(d) FILTER (NOT same_example AND same_token) AS token,
        max(d) FILTER (same_example AND same_token IS DISTINCT FROM true) AS example,
        max(d) FILTER (same_example AND same_token) AS both_same,
        coalesce(max(n) FILTER (same_example AND same_token IS DISTINCT FROM true), 0) AS n_example,
        coalesce(max(n) FILTER (same_example AND same_token), 0) AS n_both
    FROM difference_means
    WHERE bit IS NULL
    GROUP BY dropped
),
within_language AS (
    SELECT dropped, bit, max(d) FILTER (same_token) AS token,
        max(d) FILTER (same_token IS DISTINCT FROM true) AS others,
        -- The weight with which strata are best averaged, as of Mantel and Haenszel.
        coalesce(max(n) FILTER (same_token IS NULL),
            max(n) FILTER (same_token) * max(n) FILTER (NOT same_token) / sum(n)) AS weight
    FROM difference_means
    WHERE bit IS NOT NULL
    GROUP BY dropped, bit
),
token_effects AS (
    SELECT b.dropped, any_value(whole) AS whole,
        100 * any_value((coalesce(n_example * (whole - b.example), 0) + coalesce(n_both * (b.token - both_same), 0))
            / nullif(n_example + n_both, 0) / whole) AS of_example,
        100 * sum(weight * (whole - others)) / sum(weight * whole) AS of_language,
        100 * sum(weight * (others - w.token)) / sum(weight * whole) AS of_token
    FROM between_languages b JOIN within_language w ON w.dropped IS NOT DISTINCT FROM b.dropped
    GROUP BY b.dropped
)
