-- name: prompt-beginnings
-- title: What all prompts of a language begin with
-- figure:
-- description: The text that every prompt of the run in a language begins with, such as an instruction or
--   demonstrations. It says nothing about an example, so the explorer leaves it out where a prompt does not fit.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the prompts.
-- columns:
--   language    -           Language.
--   n_examples  examples    Number of examples.
--   shared      characters  Characters that all its prompts begin with; all of them if the prompts are equal.
--   beginning   -           These characters.
WITH RECURSIVE ends AS MATERIALIZED (
    -- What the first and the last prompt in order have in common, all between them have too.
    SELECT language, count(*) AS n_examples, min(prompt) AS first, max(prompt) AS last
    FROM examples
    WHERE run = $run AND list_contains($languages, language)
    GROUP BY language
), bounds AS (
    -- At least `low` characters are shared and at most `high`; every step halves what is between them.
    SELECT language, 0::BIGINT AS low, least(len(first), len(last)) AS high FROM ends
    UNION ALL
    SELECT language, if(same, middle, low), if(same, high, middle - 1)
    FROM (
        SELECT language, low, high, (low + high + 1) // 2 AS middle, starts_with(last, first[1:middle]) AS same
        FROM bounds JOIN ends USING (language)
        WHERE low < high
    )
)
SELECT language, n_examples, low AS shared, first[1:low] AS beginning
FROM bounds JOIN ends USING (language) JOIN run_languages l USING (language)
WHERE l.run = $run AND low = high
ORDER BY l.bit
