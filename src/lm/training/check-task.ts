import { InputError, ModelError } from '../../core/errors.js';
import { type Corpus, specialTokens } from './data.js';
import type { TrainingTask } from './trainer.js';

/**
 * Checks that a training can be run at all.
 * @throws InputError for a training or held-out set without letters, and for windows that the model cannot take
 * @throws ModelError where objective and model do not go together
 */
export function checkTask({ architecture, special, config, train, heldOut }: TrainingTask): void {
  checkObjective(architecture.causal, config.objective);
  if (config.objective === 'masked' && special.mask === null) {
    throw new ModelError({
      what: 'the model cannot be trained with the masked objective',
      expected: 'a mask token in its vocabulary',
      got: 'none',
    });
  }
  const tokens = config.window + specialTokens(special);
  if (tokens > architecture.maxTokens) {
    throw new InputError({
      what: 'the training window is too long for the model',
      expected: `at most ${architecture.maxTokens} tokens`,
      got: `${tokens}: window ${config.window} and the special tokens`,
      fix: 'Lower window.',
    });
  }
  checkSome(train, 'training');
  checkSome(heldOut, 'held-out');
}

function checkObjective(causal: boolean, objective: 'masked' | 'causal'): void {
  if (causal === (objective === 'causal')) return;
  throw new ModelError({
    what: `a ${causal ? 'causal' : 'bidirectional'} model cannot be trained with the ${objective} objective`,
    expected: causal ? 'causal' : 'masked',
    got: objective,
    fix: 'Choose the objective that the model was made for.',
  });
}

function checkSome(corpus: Corpus, which: string): void {
  if (corpus.some((sequence) => sequence.length > 0)) return;
  throw new InputError({
    what: `the ${which} set is empty`,
    expected: 'at least one sequence',
    got: `${corpus.length} with letters`,
    fix: 'Give more sequences, or other folds.',
  });
}
