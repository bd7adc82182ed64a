-- The requested part of the texts of a corpus: both halves together, or one of them.
parts AS (
    SELECT $half AS part, half
    FROM (VALUES (0, 'first'), (1, 'second')) halves(half, name)
    WHERE $half IN ('both', name)
)
