-- Distances between the selected languages by kind, for both orders of a pair; NULL if unknown.
distance_kinds AS (
    SELECT unnest(['genetic', 'syntactic', 'phonological', 'inventory', 'geographic']) AS kind
),
distances AS (
    -- Of family, branch and script: 0 if the two languages have the same, otherwise 1.
    SELECT a.bit, b.bit AS other_bit, unnest(['family', 'branch', 'script']) AS kind,
        unnest([nullif(x.family, 'unknown') != nullif(y.family, 'unknown'),
            nullif(x.branch, 'unknown') != nullif(y.branch, 'unknown'),
            nullif(x.script, 'Zzzz') != nullif(y.script, 'Zzzz')])::INTEGER::DOUBLE AS distance
    FROM chosen a JOIN chosen b ON a.bit != b.bit
    LEFT JOIN languages x ON x.code = a.language LEFT JOIN languages y ON y.code = b.language
    UNION ALL
    SELECT a.bit, b.bit, k.kind, d.distance
    FROM chosen a JOIN chosen b ON a.bit != b.bit CROSS JOIN distance_kinds k
    LEFT JOIN language_distances d ON d.language = a.language AND d.other = b.language AND d.kind = k.kind
)
