-- 9,999 random relabellings of the chosen languages, for Mantel tests; 999 of more than 32, which have many more pairs.
shuffled AS (
    -- hash() is a fixed function, so the same ones come at every call; of one number, for hash(a, b) is
    -- hash(a) XOR hash(b), and that orders the languages in a few ways only.
    SELECT shuffle, bit, row_number() OVER (PARTITION BY shuffle ORDER BY hash(64 * shuffle + bit), bit) AS place
    FROM (SELECT unnest(range(1, if(count(*) > 32, 1000, 10000))) AS shuffle FROM chosen), chosen
)
