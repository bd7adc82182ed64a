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
moved AS MATERIALIZED (
    -- Pairs with equal last tokens, after the permutation. Materialized, or DuckDB would compare all pairs of pairs.
    SELECT a.shuffle, s.bit, least(a.other, b.other) AS place, greatest(a.other, b.other) AS other_place
    FROM differences s
    JOIN rearranged a ON a.place = s.place
    JOIN rearranged b ON b.place = s.other_place AND b.shuffle = a.shuffle
    WHERE s.same_token AND (SELECT separable FROM token_design)
),
token_p AS (
    -- The less prompts with equal last tokens differ, the larger the effect. NULL if it cannot be separated.
    SELECT (1 + count_if(r.differ <= o.differ)) / nullif(1 + count(r.differ), 1) AS p_value
    FROM (
        SELECT sum(d.differ) AS differ
        FROM moved m JOIN differences d USING (bit, place, other_place)
        GROUP BY m.shuffle
    ) r, (SELECT sum(differ) AS differ FROM differences WHERE same_token) o
)
