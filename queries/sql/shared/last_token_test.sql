-- 199 random permutations give the last tokens of one example to another one, in all languages together: within
-- clusters, and between clusters of one size. Needs last_token_effect.
arranged AS (
    -- hash() is a fixed function, so every call gives the same permutations.
    SELECT shuffle, place, row_number() OVER (PARTITION BY shuffle
        ORDER BY size, hash(2000 * shuffle + number), number, hash(2000 * shuffle + 1000 + place)) AS turn
    FROM prompt_sample, (SELECT unnest(range(1, 200)) AS shuffle)
),
rearranged AS (
    SELECT shuffle, o.place, a.place AS other
    FROM arranged a JOIN (SELECT place, row_number() OVER (ORDER BY size, number, place) AS turn FROM prompt_sample) o
        USING (turn)
),
differences AS MATERIALIZED (
    SELECT bit, place, other_place, same_token, differ
    FROM prompt_pairs
    WHERE bit = other_bit AND bit IN (FROM varied)
),
token_p AS (
    -- The less prompts with equal last tokens differ, the larger the effect. NULL if it cannot be separated.
    SELECT (1 + count_if(r.differ <= o.differ)) / nullif(1 + count(r.differ), 1) AS p_value
    FROM (
        SELECT sum(d.differ) AS differ
        FROM differences s
        JOIN rearranged a ON a.place = s.place
        JOIN rearranged b ON b.place = s.other_place AND b.shuffle = a.shuffle
        JOIN differences d ON d.bit = s.bit AND d.place = least(a.other, b.other)
            AND d.other_place = greatest(a.other, b.other)
        WHERE s.same_token AND (SELECT separable FROM token_design)
        GROUP BY a.shuffle
    ) r, (SELECT sum(differ) AS differ FROM differences WHERE same_token) o
)
