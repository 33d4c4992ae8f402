import { closest } from 'fastest-levenshtein';
import type { z } from 'zod';
import { InputError } from '../core/errors.js';
import type { Method } from '../design/method.js';
import { adaLead } from './adalead.js';
import { bayesianOptimisation } from './bayesian-optimisation.js';
import { bdi } from './bdi.js';
import { cbas } from './cbas.js';
import { cmaEs } from './cma-es.js';
import { coms } from './coms.js';
import { edit } from './edit.js';
import type { MethodDefinition } from './definition.js';
import { genetic } from './genetic.js';
import { gibbsWithGradients } from './gibbs-with-gradients.js';
import { gradientAscent } from './gradient-ascent.js';
import { networkSchema } from './networks/options.js';
import { autoMethod, bibMethod, discreteMethod, exhaustiveMethod } from './own-methods.js';
import { mutants, randomUnmeasured } from './random-methods.js';
import { reinforce } from './reinforce.js';

/** A definition whose options are only known at run time. */
export interface RegisteredDefinition extends Omit<MethodDefinition, 'create'> {
  /** @param options as the schema gives them back */
  create(options: Record<string, unknown>): Method;
}

/** Forgets the type of a definition's options: the schema checks them before `create` sees them. */
function register<Options extends z.ZodObject>(definition: MethodDefinition<Options>): RegisteredDefinition {
  return {
    ...definition,
    create: (options) => definition.create(options as z.output<Options>),
  };
}

const definitions: readonly RegisteredDefinition[] = [
  register(autoMethod),
  register(bibMethod),
  register(discreteMethod),
  register(exhaustiveMethod),
  register(bdi),
  register(randomUnmeasured),
  register(mutants),
  register(genetic),
  register(adaLead),
  register(gradientAscent),
  register(coms),
  register(cbas),
  register(reinforce),
  register(cmaEs),
  register(bayesianOptimisation),
  register(gibbsWithGradients),
  register(edit),
];

/** Names of all methods, this project's own first. */
export function methodNames(): string[] {
  return definitions.map(({ name }) => name);
}

/**
 * What is known of a method: summary, reference, options.
 * @throws InputError for a name that is not there, with the nearest one
 */
export function methodDefinition(name: string): RegisteredDefinition {
  const found = definitions.find((definition) => definition.name === name);
  if (found) return found;
  throw new InputError({
    what: `there is no method '${name}'`,
    expected: `one of ${methodNames().join(', ')}`,
    fix: `Did you mean '${closest(name, methodNames())}'?`,
  });
}

/**
 * A method from its name and options.
 * @param options what is left out has its default
 * @throws InputError for a name or an option that is not there, with the nearest one, and for values that are wrong; all
 * faults at once
 */
export function createMethod(name: string, options: Readonly<Record<string, unknown>> = {}): Method {
  const { schema, create } = methodDefinition(name);
  const result = schema.safeParse(options);
  if (result.success) return create(result.data);
  const faults = result.error.issues.map((issue) => describeIssue(issue, options, Object.keys(schema.shape)));
  throw new InputError({ what: `options of method ${name}: ${faults.join('; ')}` });
}

function describeIssue(
  issue: z.core.$ZodIssue,
  options: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const names = path.length === 0 ? known : Object.keys(networkSchema.shape);
        const near = `, did you mean '${closest(key, names)}'?`;
        return `there is no option '${[...path, key].join('.')}'${near}`;
      })
      .join('; ');
  }
  let value: unknown = options;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return `${path.join('.')}: ${issue.message}, got ${JSON.stringify(value) ?? 'nothing'}`;
}
