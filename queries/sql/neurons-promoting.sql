-- name: neurons-promoting
-- title: Neurons that promote or suppress a word
-- figure:
-- description: Neurons whose value vector raises or lowers the logits of tokens that contain a text, ignoring case,
--   with their most frequent type and the languages in which they are active. Tokens equal to the text come first.
--   Tokens are stored only for some neurons of each layer (--vocabulary-neurons), and for each those with the largest
--   change.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $text       text              The word or a part of it, without spaces around it.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $direction  both|promotes|suppresses = both  Whether the logit is raised or lowered.
--   $type       any|all-shared|partial-shared|specific|non-activated = any  Only neurons with this type.
--   $language   language = NULL   Only neurons that are active in this language in at least half of the examples.
--   $limit      integer = 100     Maximum number of rows.
-- columns:
--   token      -       Token, as text.
--   direction  -       promotes or suppresses.
--   layer      index   Layer, from 0.
--   neuron     index   Neuron, from 0.
--   rank       -       Rank of the token among those of the neuron in this direction, from 1.
--   logit      logits  Dot product of the token's output embedding with the value vector.
--   type       -       Type that the neuron has in most examples, over the selected languages.
--   share      %       Share of examples in which it has this type.
--   languages  -       Languages in which it is active in at least half of the examples.
WITH hits AS (
    SELECT token, direction, layer, neuron, rank, logit, lower(trim(token)) = lower(trim($text)) AS same
    FROM neuron_vocabulary
    WHERE run = $run AND ($direction = 'both' OR direction = $direction)
        AND contains(lower(token), lower(trim($text)))
), masks AS (
    SELECT m.layer, m.neuron, m.mask & s.mask AS mask, m.n,
        CASE WHEN m.mask & s.mask = 0 THEN 'non-activated' WHEN m.mask & s.mask = s.mask THEN 'all-shared'
            WHEN bit_count(m.mask & s.mask) = 1 THEN 'specific' ELSE 'partial-shared' END AS type
    FROM neuron_masks m JOIN (SELECT DISTINCT layer, neuron FROM hits) h ON h.layer = m.layer AND h.neuron = m.neuron,
        subset s
    WHERE m.run = $run
), types AS (
    SELECT layer, neuron, type, 100 * sum(n) / sum(sum(n)) OVER (PARTITION BY layer, neuron) AS share
    FROM masks
    GROUP BY layer, neuron, type
    QUALIFY row_number() OVER (PARTITION BY layer, neuron ORDER BY sum(n) DESC, type) = 1
), active AS (
    SELECT m.layer, m.neuron, l.bit, l.language
    FROM masks m, run_languages l
    WHERE l.run = $run AND list_contains($languages, l.language)
    GROUP BY m.layer, m.neuron, l.bit, l.language
    HAVING 2 * coalesce(sum(m.n) FILTER (m.mask >> l.bit & 1 = 1), 0) >= sum(m.n)
), spoken AS (
    SELECT layer, neuron, list(language ORDER BY bit) AS languages
    FROM active
    GROUP BY layer, neuron
)
SELECT h.token, h.direction, h.layer, h.neuron, h.rank, h.logit, t.type::neuron_type AS type, t.share,
    coalesce(a.languages, []) AS languages
FROM hits h
JOIN types t ON t.layer = h.layer AND t.neuron = h.neuron
LEFT JOIN spoken a ON a.layer = h.layer AND a.neuron = h.neuron
WHERE ($type = 'any' OR t.type = $type) AND ($language IS NULL OR list_contains(coalesce(a.languages, []), $language))
ORDER BY NOT h.same, abs(h.logit) DESC, h.layer, h.neuron, h.direction, h.rank
LIMIT $limit
