-- name: tokens-per-word
-- title: Tokens per word and inactive neurons, by language
-- figure: beyond Section 5.3
-- description: Number of tokens of the same prompts in each language, the share of neurons that are inactive at the
--   last token in this language, and the correlation of the two over languages.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages to compare.
-- columns:
--   language             -       Language.
--   tokens               tokens  Tokens per prompt, mean over examples.
--   relative             -       Tokens divided by those of the same prompts in the first selected language.
--   tokens_per_word      tokens  Tokens per word; NULL if the script has no spaces between words or is unknown.
--   tokens_per_letter    tokens  Tokens per character.
--   inactive             %       Neurons inactive at the last token, share of all neurons.
--   low                  %       Lower end of its 95 % interval; NULL with fewer than two folds.
--   high                 %       Upper end.
--   correlation          -       Correlation of relative with inactive over languages (Pearson's r).
--   correlation_by_word  -       Correlation of tokens_per_word with inactive, over languages that have both.
WITH read_tokens AS (
    -- Of a decoder-only model, the first generated token is counted with the prompt that it follows.
    SELECT x.language, x.prompt, x.n_tokens - if(coalesce(r.settings->>'token', 'last') = 'first-generated'
        AND NOT EXISTS (FROM layers y WHERE y.run = $run AND y.stack = 'encoder'), 1, 0) AS n_tokens
    FROM examples x JOIN runs r USING (run)
    WHERE x.run = $run
), prompts AS (
    SELECT language, avg(n_tokens) AS tokens, sum(n_tokens) / sum(length(prompt)) AS tokens_per_letter,
        sum(n_tokens) / sum(len(regexp_split_to_array(trim(prompt), '\s+'))) AS tokens_per_word
    FROM read_tokens
    WHERE list_contains($languages, language)
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
