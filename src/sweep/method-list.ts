import { methodDefinition } from '../baselines/registry.js';
import type { Settings } from './method.js';
import { defaultsOf, sweepMethodNames } from './methods.js';

/** A method with all that `biseq sweep methods` tells. */
export interface DescribedMethod {
  name: string;
  /** One line. */
  summary: string;
  /** The publication whose form it has. */
  reference: string;
  /** Every setting with its default. */
  defaults: Settings;
}

interface Told {
  summary: string;
  reference: string;
}

/** What the registry of design methods does not know, or knows otherwise than sweeps do it. */
const BESIDE_THE_REGISTRY: Readonly<Record<string, Told>> = {
  random: {
    summary: "unmeasured sequences drawn at random from the task's table",
    reference: 'the control of every comparison',
  },
  fobar: {
    summary: 'the default search, then designs chosen by asking back: votes of bootstraps, recovered scores',
    reference: 'after Forward-backward reasoning in large language models, arXiv 2308.07758',
  },
  trlm: {
    summary: 'the default search, then designs chosen by a forward and a reverse language model',
    reference: 'after Time-reversal provides unsupervised feedback to LLMs, arXiv 2412.02626',
  },
  distilled: {
    summary: 'the default search on one head distilled from an ensemble (SinKD), or on the ensemble',
    reference: 'after Sinkhorn distance minimization for knowledge distillation, arXiv 2402.17110',
  },
};

/** All methods that a sweep can run, in the order of their list. */
export function describeMethods(): DescribedMethod[] {
  return sweepMethodNames().map((name) => ({ name, ...toldOf(name), defaults: defaultsOf(name) }));
}

function toldOf(name: string): Told {
  if (Object.hasOwn(BESIDE_THE_REGISTRY, name)) return BESIDE_THE_REGISTRY[name];
  const { summary, reference } = methodDefinition(name);
  return { summary, reference };
}
