-- name: claims
-- title: The paper's claims, tested on this run
-- figure: Sections 5 to 7 and appendix A.4.1
-- description: The number that decides each claim, its interval and the verdict: supported, contradicted or
--   undecided. Intervals are 99.8 %, so that the claims of at most one run in twenty include an error. If a claim
--   compares a number with several others, every comparison has to hold; the closest one is shown, or one that
--   fails. Every claim is undecided if the model neither generates right answers more often than a constant answer
--   would be right, nor ranks them higher than a constant order of the candidates would. Reads all scores and
--   neuron counts, which takes seconds in a large file. No rows for a corpus, which has no types and no answers.
-- requires_all_languages: true
-- shared: subset, subset_masks, active_counts, scored, all_layers, pairs, shuffled, student, strict_student, blocks,
--   prompt_pairs, last_token_effect, last_token_test, last_token_note, claims_of_types, claims_of_scores,
--   claims_of_ablation
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $other      run = NULL        A run on another task. NULL: the largest of this model, measured alike.
--   $languages  languages = all   Languages that define the types; at least three.
--   $note       boolean = true    Whether findings on sharing mention the effect of last tokens, a fourth of the time.
-- columns:
--   claim     -  Identifier of the claim.
--   section   -  Section and figure of the paper.
--   says      -  The claim in one sentence.
--   verdict   -  supported, contradicted or undecided.
--   finding   -  Result of this run in words and numbers, or what the run lacks.
--   estimate  -  The number that decides the claim; NULL if the run lacks a measure.
--   low       -  Lower end of its 99.8 % interval; NULL for a count over all neurons.
--   high      -  Upper end.
--   bound     -  Value with which the number is compared.
--   unit      -  Unit of the number.
--   versus    -  The other side of the closest comparison, or NULL.
WITH estimates AS (
    FROM type_estimates UNION ALL FROM score_estimates UNION ALL FROM ablation_estimates
), spreads AS (
    SELECT claim, versus, any_value(x) FILTER (dropped IS NULL) AS x,
        strict[count(dropped) - 1] * sqrt(count(dropped) - 1) * stddev_pop(x) FILTER (dropped IS NOT NULL) AS half
    FROM estimates, strict_student
    GROUP BY claim, versus, strict
    UNION ALL
    SELECT 'task-matters', versus, x, strict[folds - 1] * error
    FROM task_difference, strict_student
    UNION ALL
    SELECT unnest(['types-vary', 'non-activated-vary']), n_examples || ' examples',
        unnest([keeps, 100 * stays_inactive / nullif(r.non, 0)]), NULL
    FROM census, runs, (SELECT non FROM ratios WHERE dropped IS NULL) r
    WHERE run = $run
), permuted AS (
    -- One list of families a permutation, by the place of the language: quicker than a join for each pair.
    SELECT shuffle, list(f.family ORDER BY s.bit) AS families
    FROM shuffled s JOIN families f USING (place)
    GROUP BY shuffle
), mantel AS (
    -- How often a random permutation of families among languages gives a difference as large.
    SELECT (1 + count_if(r.x >= m.x - 1e-12)) / (1 + count(*)) AS p_value
    FROM (SELECT x FROM relations WHERE dropped IS NULL) m, (
        SELECT q.shuffle, avg(p.phi) FILTER (q.families[a.place] = q.families[b.place])
            - avg(p.phi) FILTER (q.families[a.place] != q.families[b.place]) AS x
        FROM permuted q, pairs p JOIN families a ON a.bit = p.bit JOIN families b ON b.bit = p.other_bit
        WHERE p.fold IS NULL
        GROUP BY q.shuffle
    ) r
), rules AS (
    FROM (VALUES
    (1, 'non-activated-prevail', '5.1, Figure 3',
        'Non-activated neurons are more frequent than any other type.', 'above', 0, 'points',
        'Non-activated minus {1}: {0:+.1f} points of all neurons ({2:+.1f} to {3:+.1f}).',
        'types over at least three languages'),
    (2, 'task-matters', '5.1, Figure 3', 'How neurons are shared depends on the task.', 'differs', 1, 'points',
        'All-shared neurons in this run minus those in {1}: {0:+.1f} points of all neurons ({2:+.1f} to {3:+.1f}).',
        'a run of the same model on another task in the file, measured in the same way'),
    (3, 'types-vary', '5.2, Figure 5', 'Almost no neuron has the same type in all examples.', 'census', 10, '%',
        '{0:.1f} % of all neurons have the same type in all {1}.', 'neuron counts over at least three languages'),
    (4, 'non-activated-vary', '5.2, Figure 5',
        'Fewer than 10 % of the non-activated neurons are inactive in all examples.', 'census', 10, '%',
        'The number of neurons inactive in all {1} is {0:.1f} % of the non-activated neurons of an example.',
        'neuron counts over at least three languages'),
    (5, 'few-silent', '5.2, Figure 6',
        'Fewer than 0.8 % of the non-activated neurons are inactive at every token of the input.', 'below', 0.8, '%',
        '{0:.1f} % of the non-activated neurons are inactive at every token ({2:.1f} to {3:.1f}).',
        'activity at every token'),
    (6, 'relatives-share-no-more', '5.3, Figure 7',
        'Languages of the same family do not share more neurons than other languages.', 'below', 0.02, 'phi',
        'Correlation (phi) of related pairs minus that of other pairs: {0:+.3f} ({2:+.3f} to {3:+.3f}).',
        'related and unrelated languages'),
    (7, 'more-languages-share', '5.3, Figure 8',
        'With more languages, there are more partial-shared neurons.', 'above', 0, 'points',
        'Partial-shared over all languages minus over {1}: {0:+.1f} points ({2:+.1f} to {3:+.1f}); it cannot decrease.',
        'four languages'),
    (8, 'all-shared-contribute-most', '6.2, Figure 9',
        'All-shared is the most frequent type among the top contributors.', 'above', 0, 'points',
        'Share of the top 5 %, all-shared minus {1}: {0:+.1f} points ({2:+.1f} to {3:+.1f}).', 'attribution'),
    (9, 'partial-shared-second', '6.2, Figure 9',
        'Partial-shared is the second most frequent type among the top contributors.', 'above', 0, 'points',
        'Share of the top 5 %, partial-shared minus {1}: {0:+.1f} points ({2:+.1f} to {3:+.1f}).', 'attribution'),
    (10, 'all-shared-highest-average', '6.2, Figure 10',
        'All-shared neurons have the highest average contribution.', 'above', 1, 'times',
        'Average contribution of all-shared neurons is {0:#.3g} times that of {1} neurons ({2:#.3g} to {3:#.3g}).',
        'attribution'),
    (11, 'all-shared-extremes', '6.3, Table 1',
        'All-shared neurons have the largest and the smallest effective scores.', 'above', 0, 'logits',
        'All-shared beyond {1}, mean over inputs: {0:+.4f} logits ({2:+.4f} to {3:+.4f}).', 'effective scores'),
    (12, 'upper-layers-matter', '6.3, Figure 11',
        'Neurons of the upper layers matter more for the answer.', 'above', 0, 'logits',
        'Largest effective score of a layer, upper half minus {1}: {0:+.4f} logits ({2:+.4f} to {3:+.4f}).',
        'effective scores in two layers'),
    (13, 'all-shared-ablation-worst', '7, Tables 2 and 4',
        'Ablating all-shared neurons reduces accuracy most.', 'above', 0, 'points',
        'Accuracy with {1} ablated minus with all-shared ablated: {0:+.1f} points ({2:+.1f} to {3:+.1f}).',
        'ablation of all types'),
    (14, 'all-shared-beyond-control', 'beyond the paper',
        'Ablating all-shared neurons does more harm than ablating as many other neurons of similar contribution.',
        'above', 0, 'nats',
        'Answer log-probability with {1} ablated minus with an equal number of all-shared neurons of similar '
            || 'contribution ablated: {0:+.3f} nats ({2:+.3f} to {3:+.3f}).',
        'ablation of all-shared neurons in paired doses'),
    (15, 'random-harmless', '7, Table 2',
        'Ablating up to 25 % of the neurons at random does little harm.', 'below', 10, '%',
        'With {1} ablated, the relative loss of accuracy is {0:.1f} % ({2:.1f} to {3:.1f}).',
        'ablation of random neurons'),
    (16, 'encoder-shares-more', 'A.4.1, Figure 13',
        'The encoder has more all-shared neurons than the decoder.', 'above', 0, 'points',
        'All-shared in the encoder minus in the {1}: {0:+.1f} points ({2:+.1f} to {3:+.1f}).',
        'an encoder and a decoder')
    ) rules(place, claim, section, says, kind, bound, unit, template, lacks)
), tested AS (
    SELECT r.claim, s.versus, if(r.unit = 'times', exp(x), x) AS estimate,
        if(r.unit = 'times', exp(x - half), x - half) AS low, if(r.unit = 'times', exp(x + half), x + half) AS high,
        CASE r.kind WHEN 'above' THEN low > bound WHEN 'below' THEN high < bound WHEN 'census' THEN x < bound
            ELSE abs(x) - half > bound END AS holds,
        -- The number of neurons that keep their type decreases with more examples, so few examples cannot contradict.
        CASE r.kind WHEN 'above' THEN high < bound WHEN 'below' THEN low > bound
            WHEN 'census' THEN x > bound AND (SELECT n_examples >= 300 FROM runs WHERE run = $run)
            ELSE abs(x) + half < bound END AS fails,
        CASE r.kind WHEN 'above' THEN estimate - bound WHEN 'differs' THEN abs(x) - bound ELSE bound - x END AS margin
    FROM spreads s JOIN rules r USING (claim)
    WHERE s.x IS NOT NULL
), closest AS (
    SELECT claim, bool_and(coalesce(holds, false)) AS holds,
        bool_or(coalesce(fails, false))
            AND (claim != 'relatives-share-no-more' OR (SELECT p_value < 0.01 FROM mantel)) AS fails,
        coalesce(arg_min(t, closeness) FILTER (fails), arg_min(t, closeness)) AS best
    FROM (
        -- Equal margins: always the same comparison.
        SELECT *, {versus: versus, estimate: estimate, low: low, high: high} AS t,
            (round(margin, 9), versus) AS closeness
        FROM tested
    )
    GROUP BY claim
)
SELECT r.claim, r.section, r.says,
    CASE WHEN NOT competent THEN 'undecided' WHEN holds THEN 'supported' WHEN fails THEN 'contradicted'
        ELSE 'undecided' END AS verdict,
    CASE WHEN best IS NULL THEN format('Not measured: requires {}.', r.lacks)
        WHEN best.low IS NULL AND r.kind != 'census' THEN 'Too few clusters of examples for an interval.'
        ELSE format(r.template, best.estimate, coalesce(best.versus, ''), coalesce(best.low, 0),
            coalesce(best.high, 0)) END
    || if(r.claim = 'relatives-share-no-more' AND best IS NOT NULL,
        format(' With families permuted at random, the difference is as large in {:.1f} % of cases.',
            (SELECT 100 * p_value FROM mantel)), '')
    || if(r.claim IN ('task-matters', 'relatives-share-no-more') AND best IS NOT NULL,
        coalesce(' ' || (SELECT note FROM token_note WHERE $note), ''), '')
    || CASE WHEN generates THEN ''
        WHEN g.accuracy IS NULL THEN ' No answers were judged, so it is unknown whether the model solves the task.'
        ELSE format('{} the accuracy of the model is {:.1f} %, and that of a constant answer is {:.1f} %',
            if(competent, ' It is decided by rank:', ' But'), g.accuracy, g.chance)
        || coalesce(format(
            '; the mean reciprocal rank of the answers is {:.3f}, and that of a constant order is {:.3f}',
            k.reciprocal, k.chance), '') || '.'
        END
    || if(by_choice AND r.claim IN ('all-shared-ablation-worst', 'random-harmless'),
        ' Accuracy is that of the most likely choice.', '') AS finding,
    best.estimate, best.low, best.high, r.bound::DOUBLE AS bound, r.unit, best.versus
FROM rules r LEFT JOIN closest USING (claim) JOIN competence ON true LEFT JOIN generated g ON true
    LEFT JOIN ranked k ON true
WHERE EXISTS (SELECT 1 FROM runs WHERE run = $run AND task != 'corpus')
ORDER BY r.place
