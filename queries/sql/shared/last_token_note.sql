-- The shares with their intervals, and a sentence where last tokens matter. Needs last_token_test and student.
token_shares AS (
    SELECT component, any_value(x) FILTER (dropped IS NULL) AS share,
        t[count(dropped) - 1] * sqrt(count(dropped) - 1) * stddev_pop(x) FILTER (dropped IS NOT NULL) AS half
    FROM (
        SELECT dropped, unnest(['last token', 'language', 'example', 'rest']) AS component,
            unnest([of_token, of_language, of_example,
                100 - coalesce(of_token, 0) - of_language - of_example]) AS x
        FROM token_effects
    ), student
    GROUP BY component, t
    HAVING share IS NOT NULL
),
token_note AS (
    -- A last token matters from 10 % of the difference on, if its interval is above 0 and p is 0.05 or less.
    SELECT CASE
        WHEN separable AND p_value <= 0.05 AND token >= 10 AND token > half THEN format(
            'The last token{} accounts for {} % of the differences between prompts, the language for {} %.',
            if(subject, ' of the subject', ''), token::INTEGER, language::INTEGER)
        WHEN tied AND language >= 10 THEN format(
            '{}, so last token and language cannot be separated: together they account for {} % of the differences '
            || 'between prompts.', if(n_own_tokens = n_languages, 'Each language has one last token',
                'Few languages have several last tokens'), language::INTEGER)
        END || if(subject OR task = 'xnli', '', ' To measure at the subject: --token subject.') AS note
    FROM token_design, (
        SELECT any_value(share) FILTER (component = 'last token') AS token,
            coalesce(any_value(half) FILTER (component = 'last token'), 0) AS half,
            any_value(share) FILTER (component = 'language') AS language
        FROM token_shares
    ), (SELECT coalesce(settings->>'token' = 'subject', false) AS subject, task FROM runs WHERE run = $run), token_p
)
