import { z } from 'zod';
import type { Method } from '../design/method.js';
import { fitNetworkObjective } from './networks/network-objective.js';
import { networkSchemaWith } from './networks/options.js';
import type { NetworkOptions } from './networks/options.js';

/** A method as the registry knows it. */
export interface MethodDefinition<Options extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** `import.meta.url` of the file that defines it: what this file reaches is the method's own code. */
  readonly module: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** The publication whose form it has. */
  readonly reference: string;
  /** Its options; every one has a default. */
  readonly schema: Options;
  create(options: z.output<Options>): Method;
}

/** Keeps the type of a definition's options. */
export function defineMethod<Options extends z.ZodObject>(
  definition: MethodDefinition<Options>,
): MethodDefinition<Options> {
  return definition;
}

/** Options of a method that can search any objective. */
export const searchedProxy = {
  /**
   * What is searched: `networks` (default), an ensemble trained on the measured set as the publications do; or `run`, the
   * run's own objective, so that searches can be compared on one proxy.
   */
  proxy: z.enum(['networks', 'run']).default('networks'),
  /** The ensemble. */
  networks: networkSchemaWith({}),
};

/**
 * A method with its own network ensemble, or as it is.
 * @param weakly whether the method looks at the weak supervision f
 */
export function overProxy(
  method: Method,
  { proxy, networks }: { proxy: 'networks' | 'run'; networks: NetworkOptions },
  weakly = false,
): Method {
  if (proxy === 'run') return method;
  return { ...method, fitObjective: (data) => fitNetworkObjective(data, networks, weakly) };
}
