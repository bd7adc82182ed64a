-- The chosen languages as a mask, how many they are, and what that means for the types. Masks are listed up to 15
-- languages of a run; of more, only `whole`, all of them together, has counts by fold.
subset AS (
    SELECT bit_or(1::UBIGINT << bit) AS mask, count(*) AS p, any_value(measured) <= 15 AS listed,
        count(*) = any_value(measured) AS whole,
        CASE WHEN count(*) = 2 THEN 'two languages: no neuron can be partial-shared'
             WHEN count(*) = 1 THEN 'one language: a neuron is active (all-shared) or not'
             WHEN any_value(measured) > greatest(15, count(*))
             THEN 'some of more than 15 languages: told from the masks of each neuron, without intervals' END AS note
    FROM (SELECT bit, language, count(*) OVER () AS measured FROM run_languages WHERE run = $run)
    WHERE list_contains($languages, language)
)
