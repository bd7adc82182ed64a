-- No parallel run: no neurons that are specific by type.
specific_sets AS (
    SELECT NULL::VARCHAR AS part, NULL::VARCHAR AS language, 0 AS layer, 0 AS neuron
    WHERE false
), specific_languages AS (
    SELECT NULL::VARCHAR AS language
    WHERE false
)
