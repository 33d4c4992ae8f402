import { z } from 'zod';
import { createRandom } from '../core/random.js';
import type { Random } from '../core/random.js';
import { sizeOfSearch } from '../design/exhaustive.js';
import type { Method, MethodRun } from '../design/method.js';
import type { Objective } from '../design/objective.js';
import { sequenceKey } from '../design/sequence-key.js';
import { feasibleStart } from '../design/starts.js';
import { defineMethod } from './definition.js';
import { allProposals } from './enumerate.js';
import { meanHead, modelObjective } from './model-objective.js';
import { createSampler, mutate } from './moves.js';
import { createScoring } from './scoring.js';
import type { Proposal } from './scoring.js';

/** Designs sampled where the caller says no number. */
const COUNT = 128;
/** Draws for each design that is wanted, at most; what is missing then is filled up by the selection. */
const TRIES = 1000;

/**
 * A proxy that knows nothing: a random function of the sequence, the same for the same seed. What is "best" by it is a
 * uniform draw, so that methods without a proxy need no exception anywhere.
 */
function ignorance(size: number, random: Random): Objective {
  // one draw names the function; its values come from the sequence alone
  const name = random.uniform();
  return modelObjective({
    head: meanHead(1),
    model: {
      key: `random ${name}`,
      outputs: 1,
      evaluate: async (sequences) =>
        Float64Array.from(sequences, (sequence) =>
          createRandom(`${name}/${sequenceKey(sequence)}`).uniform(),
        ),
      gradients: async (sequences) => new Float64Array(sequences.length * size),
    },
  });
}

function withoutProxy(name: string, propose: (run: MethodRun, wanted: number) => Proposal[]): Method {
  return {
    name,
    ranking: 'prediction',
    fitObjective: async ({ problem, random }) =>
      ignorance(problem.length * problem.alphabet.size, random.fork('ignorance')),
    async design(run) {
      const scoring = createScoring(run);
      await scoring.step(0, 1);
      await scoring.score(propose(run, run.count ?? COUNT).filter(scoring.claim));
      await scoring.step(1, 1);
      return scoring.finish();
    },
  };
}

/** Feasible unmeasured sequences drawn uniformly: what any method must beat. */
export const randomUnmeasured = defineMethod({
  name: 'random',
  module: import.meta.url,
  summary: 'unmeasured sequences drawn uniformly from all that the constraints allow',
  reference: 'the control of every comparison',
  schema: z.strictObject({}),
  create: () => withoutProxy('random', drawUniformly),
});

function drawUniformly({ problem, starts, random }: MethodRun, wanted: number): Proposal[] {
  const source = random.fork('draws');
  // where the space is hardly larger than the batch, without replacement from all of it
  if (sizeOfSearch(problem, starts) <= BigInt(4 * wanted))
    return source.shuffle(allProposals(problem, starts)).slice(0, wanted);
  const samplers = starts.map(({ sequence }) => createSampler(problem, sequence));
  const seen = new Set<string>();
  const found: Proposal[] = [];
  for (let tries = 0; found.length < wanted && tries < TRIES * wanted; tries++) {
    const which = source.integer(starts.length);
    const sequence = samplers[which](source);
    const key = sequenceKey(sequence);
    if (problem.isMeasured(sequence) || seen.has(key)) continue;
    seen.add(key);
    found.push({ sequence, start: starts[which] });
  }
  return found;
}

/** Random mutants of the best measured sequences: what a lab does without a model. */
export const mutants = defineMethod({
  name: 'mutants',
  module: import.meta.url,
  summary: 'random mutants of the best measured sequences',
  reference: 'random explorer of FLEXS: Sinai et al., arXiv 2010.02141 (2020)',
  schema: z.strictObject({
    /** Mutations of a mutant in the mean. FLEXS: 1. */
    mutations: z.number().positive().max(1000).default(1),
  }),
  create: ({ mutations }) => withoutProxy('mutants', (run, wanted) => mutantsOf(run, wanted, mutations)),
});

function mutantsOf({ problem, starts, random }: MethodRun, wanted: number, mutations: number): Proposal[] {
  const source = random.fork('mutants');
  const parents = starts.map(({ sequence }) => feasibleStart(problem, sequence, source.fork('starts')));
  const seen = new Set<string>();
  const found: Proposal[] = [];
  for (let tries = 0; found.length < wanted && tries < TRIES * wanted; tries++) {
    const which = tries % starts.length;
    const base = problem.budgetBase(starts[which].sequence);
    const sequence = mutate(problem, base, parents[which], mutations, source);
    const key = sequenceKey(sequence);
    if (problem.isMeasured(sequence) || seen.has(key)) continue;
    seen.add(key);
    found.push({ sequence, start: starts[which] });
  }
  return found;
}
