-- The selected languages as a mask, their number, and a remark on the types. Runs with up to 15 languages have counts
-- by mask and fold; with more, only all languages together (`whole`) have counts by fold.
subset AS (
    SELECT bit_or(1::UBIGINT << bit) AS mask, count(*) AS p, any_value(measured) <= 15 AS listed,
        count(*) = any_value(measured) AS whole,
        CASE WHEN count(*) = 2 THEN 'two languages: no neuron can be partial-shared'
             WHEN count(*) = 1 THEN 'one language: a neuron is active (all-shared) or not'
             WHEN any_value(measured) > greatest(15, count(*))
             THEN 'subset of more than 15 languages: computed from the masks of each neuron, without intervals' END AS note
    FROM (SELECT bit, language, count(*) OVER () AS measured FROM run_languages WHERE run = $run)
    WHERE list_contains($languages, language)
)
