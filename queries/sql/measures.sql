-- name: measures
-- title: Measures of a run
-- figure:
-- description: Measures that the run has or lacks; those of the ablation are ablation, generated, ranked, first,
--   controls, values, patches, doses, selected (sets selected for languages, with controls) and steered.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
-- columns:
--   measure  -  types, masks, tokens, attribution, effects, strongest, vocabulary, answers, truth, corpus, and others.
--   present  -  Whether the run has it.
--   reads    -  Description of the measure.
FROM (VALUES
    ('types', EXISTS (SELECT 1 FROM mask_histogram WHERE run = $run)
        OR EXISTS (SELECT 1 FROM active_histogram WHERE run = $run), 'type ratios of any set of languages'),
    ('masks', EXISTS (SELECT 1 FROM activations WHERE run = $run),
        'one mask per neuron and example; not in a file of aggregates'),
    ('tokens', EXISTS (SELECT 1 FROM neuron_tokens_active WHERE run = $run),
        'activity at every token of the prompts'),
    ('attribution', EXISTS (SELECT 1 FROM attribution WHERE run = $run), 'contribution scores'),
    ('effects', EXISTS (SELECT 1 FROM attribution WHERE run = $run AND es_sum IS NOT NULL),
        'effective scores'),
    ('strongest', EXISTS (SELECT 1 FROM neuron_examples WHERE run = $run),
        'inputs with the highest activations of a neuron'),
    ('vocabulary', EXISTS (SELECT 1 FROM neuron_vocabulary WHERE run = $run),
        'tokens that a neuron promotes and suppresses'),
    ('answers', EXISTS (SELECT 1 FROM examples WHERE run = $run AND correct IS NOT NULL),
        'generated and judged answers'),
    ('ablation', EXISTS (SELECT 1 FROM ablation_examples WHERE run = $run), 'answers with ablated neurons'),
    ('generated', EXISTS (SELECT 1 FROM ablation_examples WHERE run = $run AND correct IS NOT NULL),
        'judged answers with ablated neurons'),
    ('ranked', EXISTS (SELECT 1 FROM ablation_examples WHERE run = $run AND rank_correct IS NOT NULL),
        'choices ranked with ablated neurons'),
    ('first', EXISTS (SELECT 1 FROM ablation_examples WHERE run = $run AND first_rank IS NOT NULL),
        'rank of the first token of the answer with ablated neurons'),
    ('controls', EXISTS (SELECT 1 FROM conditions WHERE run = $run AND matched_to IS NOT NULL),
        'controls of ablated types'),
    ('values', (SELECT count(DISTINCT value) > 1 FROM conditions
        WHERE run = $run AND kind NOT IN ('baseline', 'layer', 'prompt')), 'ablations with several values'),
    ('patches', EXISTS (SELECT 1 FROM conditions WHERE run = $run AND kind = 'layer'),
        'layers patched from another language'),
    ('doses', EXISTS (SELECT 1 FROM conditions WHERE run = $run AND kind = 'dose'), 'doses of ablated types'),
    ('selected', EXISTS (SELECT 1 FROM conditions s JOIN conditions c ON c.run = s.run AND c.matched_to = s.condition
        WHERE s.run = $run AND s.kind = 'selected' AND s.set_language IS NOT NULL),
        'sets of neurons selected for languages, with controls'),
    ('steered', EXISTS (SELECT 1 FROM conditions WHERE run = $run AND kind = 'selected'
        AND regexp_matches(value, '^(scale|add|mean-of):')), 'selected neurons scaled, raised or set to a mean'),
    ('truth', EXISTS (SELECT 1 FROM neuron_effects WHERE run = $run), 'exact effects of single neurons'),
    ('corpus', EXISTS (SELECT 1 FROM corpora WHERE run = $run), 'activity and loss at every token of a corpus')
) measures(measure, present, reads)
WHERE EXISTS (SELECT 1 FROM runs WHERE run = $run)
