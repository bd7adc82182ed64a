-- Neurons that are specific to a language in most examples of a parallel run of the same model.
specific_sets AS (
    SELECT p.part, l.language, m.layer, m.neuron
    FROM runs r JOIN runs t ON t.run = $types_run AND t.model = r.model
    JOIN run_languages l ON l.run = t.run AND list_contains($languages, l.language)
    JOIN neuron_masks m ON m.run = t.run AND m.mask = 1::UBIGINT << l.bit AND 2 * m.n > t.n_examples
    CROSS JOIN (SELECT DISTINCT part FROM parts) p
    WHERE r.run = $run AND len(t.languages) > 1
), specific_languages AS (
    SELECT l.language
    FROM runs r JOIN runs t ON t.run = $types_run AND t.model = r.model
    JOIN run_languages l ON l.run = t.run
    WHERE r.run = $run AND len(t.languages) > 1 AND EXISTS (SELECT 1 FROM neuron_masks WHERE run = $types_run)
)
