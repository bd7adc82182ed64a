-- 9,999 random permutations of the selected languages, for Mantel tests; 999 with more than 32 languages.
shuffled AS (
    -- hash() is a fixed function, so every call gives the same permutations. It hashes one number, because hash(a, b)
    -- is hash(a) XOR hash(b), which gives only a few different orders.
    SELECT shuffle, bit, row_number() OVER (PARTITION BY shuffle ORDER BY hash(64 * shuffle + bit), bit) AS place
    FROM (SELECT unnest(range(1, if(count(*) > 32, 1000, 10000))) AS shuffle FROM chosen), chosen
)
