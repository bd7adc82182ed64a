-- name: run-languages
-- title: Languages of a run
-- figure:
-- description: The languages, their family and script, how the model does in them, and the token at which activations
--   were read. Where that token is the same in all languages and not in another task, sharing differs for
--   that reason alone.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
-- columns:
--   bit               index   Bit of the language in every mask.
--   language          -       Code.
--   name              -       English name; the code where the language is not known.
--   family            -       Language family, or unknown.
--   branch            -       Branch of the family, or unknown.
--   script            -       ISO 15924 code of its script; Zzzz where it is not known.
--   bloom_share       %       Share in the pretraining text of BLOOM, or NULL.
--   tokens            tokens  Tokens of a prompt, mean.
--   accuracy          %       Answers that match; NULL where none was judged.
--   last_token        -       The most frequent last token.
--   last_token_share  %       Share of prompts that end in it.
WITH ends AS (
    SELECT language, last_token, count(*) AS n
    FROM examples
    WHERE run = $run
    GROUP BY language, last_token
), common_ends AS (
    SELECT language, arg_min(last_token, (-n, last_token)) AS last_token, 100 * max(n) / sum(n) AS last_token_share
    FROM ends
    GROUP BY language
), prompts AS (
    SELECT language, avg(n_tokens) AS tokens, 100 * count_if(correct) / nullif(count(correct), 0) AS accuracy
    FROM examples
    WHERE run = $run
    GROUP BY language
)
SELECT r.bit, r.language, coalesce(l.name, r.language) AS name,
    coalesce(l.family, 'unknown') AS family, coalesce(l.branch, 'unknown') AS branch,
    coalesce(l.script, 'Zzzz') AS script, l.bloom_share, p.tokens, p.accuracy,
    e.last_token, e.last_token_share
FROM run_languages r
LEFT JOIN languages l ON l.code = r.language
LEFT JOIN prompts p ON p.language = r.language
LEFT JOIN common_ends e ON e.language = r.language
WHERE r.run = $run
ORDER BY r.bit
