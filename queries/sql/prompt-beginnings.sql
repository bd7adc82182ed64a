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
WITH ends AS (
    -- What the first and the last prompt in order have in common, all between them have too.
    SELECT language, count(*) AS n_examples, min(prompt) AS first, max(prompt) AS last
    FROM examples
    WHERE run = $run AND list_contains($languages, language)
    GROUP BY language
), lengths AS (
    SELECT e.language, n_examples, first,
        len(list_filter(range(1, least(len(first), len(last)) + 1), lambda i: first[1:i] = last[1:i])) AS shared
    FROM ends e
)
SELECT language, n_examples, shared, first[1:shared] AS beginning
FROM lengths JOIN run_languages l USING (language)
WHERE l.run = $run
ORDER BY l.bit
