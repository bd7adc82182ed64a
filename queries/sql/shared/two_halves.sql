-- The two halves of the texts of a corpus, each a part of its own.
parts AS (
    SELECT part, half
    FROM (VALUES (0, 'first'), (1, 'second')) halves(half, part)
)
