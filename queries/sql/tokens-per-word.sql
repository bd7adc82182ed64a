-- name: tokens-per-word
-- title: How a language is cut into tokens, and how many neurons stay silent
-- figure: beyond Section 5.3
-- description: Prompts say the same in every language, so a tokenizer that cuts a language into more tokens shows.
--   Beside it: the share of neurons inactive at the last token in that language, and the correlation of
--   the two over languages. 95 % intervals: jackknife over folds of examples, Student's t.
-- shared: student
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages compared.
-- columns:
--   language             -       Language.
--   tokens               tokens  Tokens of a prompt, mean over examples.
--   relative             -       Tokens, over those of the same prompts in the first chosen language.
--   tokens_per_word      tokens  Tokens of a word; NULL where the script puts no spaces between words or is not known.
--   tokens_per_letter    tokens  Tokens of a character.
--   inactive             %       Neurons inactive at the last token, of all.
--   low                  %       Lower end of its 95 % interval; NULL with fewer than two folds.
--   high                 %       Upper end.
--   correlation          -       Correlation over languages of relative with inactive (Pearson's r).
--   correlation_by_word  -       Correlation of tokens_per_word with inactive, over languages that have both.
WITH prompts AS (
    SELECT language, avg(n_tokens) AS tokens, sum(n_tokens) / sum(length(prompt)) AS tokens_per_letter,
        sum(n_tokens) / sum(len(regexp_split_to_array(trim(prompt), '\s+'))) AS tokens_per_word
    FROM examples
    WHERE run = $run AND list_contains($languages, language)
    GROUP BY language
), counts AS (
    SELECT l.language, l.bit, h.fold, sum(h.n) AS n, coalesce(sum(h.n) FILTER (h.mask >> l.bit & 1 = 0), 0) AS k
    FROM (
        SELECT fold, mask, sum(n) AS n
        FROM mask_histogram
        WHERE run = $run AND scope = 'last' AND threshold = (SELECT threshold FROM runs WHERE run = $run)
        GROUP BY ALL
    ) h, run_languages l
    WHERE l.run = $run AND list_contains($languages, l.language)
    GROUP BY ALL
    UNION ALL
    SELECT l.language, l.bit, c.fold, c.n, c.n - a.n
    FROM (
        SELECT fold, sum(n) AS n
        FROM active_histogram
        WHERE run = $run AND scope = 'last' AND threshold = (SELECT threshold FROM runs WHERE run = $run)
        GROUP BY fold
    ) c
    JOIN (
        SELECT fold, language, sum(n) AS n
        FROM language_pairs
        WHERE run = $run AND language = other
        GROUP BY ALL
    ) a USING (fold)
    JOIN run_languages l ON l.run = $run AND l.language = a.language AND list_contains($languages, l.language)
), left_out AS (
    SELECT language, bit, 100 * sum(k) OVER whole / sum(n) OVER whole AS inactive,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM counts
    WINDOW whole AS (PARTITION BY language)
), intervals AS (
    SELECT language, bit, any_value(inactive) AS inactive,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY language, bit, t
), compared AS (
    SELECT i.language, i.bit, p.tokens, p.tokens / first_value(p.tokens) OVER (ORDER BY i.bit) AS relative,
        if(coalesce(k.script, 'Zzzz') IN
            ('Hans', 'Hant', 'Hani', 'Jpan', 'Thai', 'Laoo', 'Khmr', 'Mymr', 'Tibt', 'Zzzz'),
            NULL, p.tokens_per_word) AS tokens_per_word,
        p.tokens_per_letter, i.inactive, i.half
    FROM intervals i JOIN prompts p USING (language) LEFT JOIN languages k ON k.code = i.language
)
SELECT language, tokens, relative, tokens_per_word, tokens_per_letter, inactive, inactive - half AS low,
    inactive + half AS high,
    corr(relative, inactive) OVER () AS correlation,
    corr(tokens_per_word, inactive) OVER () AS correlation_by_word
FROM compared
ORDER BY bit
