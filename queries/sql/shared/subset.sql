-- The chosen languages as a mask, how many they are, and what that means for the types.
subset AS (
    SELECT bit_or(1::UBIGINT << bit) AS mask, count(*) AS p,
        CASE count(*) WHEN 2 THEN 'two languages: no neuron can be partial-shared'
                      WHEN 1 THEN 'one language: a neuron is active (all-shared) or not' END AS note
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language)
)
