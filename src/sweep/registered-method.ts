import { z } from 'zod';
import { DNA, PROTEIN } from '../core/alphabet.js';
import { internal } from '../core/errors.js';
import type { Method } from '../design/method.js';
import { type Companion, companionSchema, companionSearch, ownSettings } from './companion.js';
import { runDesignMethod } from './design-method.js';
import { FIT_OBJECTIVE_MODULE } from './fit-objective.js';
import type { SweepMethod } from './method.js';
import { moduleName } from './module-name.js';
import { needsModel, proxySettings, type ProxySettings } from './proxy-settings.js';
import { checkSettings } from './settings-schema.js';
import { modelHash, SWEEP_MODEL_MODULE } from './sweep-model.js';

/** What is known of a design method: its options, and how it is made of them. */
export interface RegisteredMethod {
  name: string;
  /** `import.meta.url` of the file that defines it. */
  module: string;
  /** Every option has a default. */
  schema: z.ZodObject;
  create(options: Record<string, unknown>): Method;
}

/** What a run enters that fits the proxy of the settings, and no other. */
const PROXY_MODULES = [FIT_OBJECTIVE_MODULE, SWEEP_MODEL_MODULE].map(moduleName);

type Loose = Readonly<Record<string, unknown>>;

/** Memory of a proxy over closed-form blocks, and of a language model with its sessions; generous. */
const BLOCKS_MEMORY = 500 * 2 ** 20;
const MODEL_MEMORY = 700 * 2 ** 20;

/**
 * A design method as sweeps run it. Its settings are its own options and those of the proxy.
 * @param features the proxy unless the settings say otherwise
 * @param fixed settings of the proxy that are not the user's to choose
 */
export function registeredMethod(
  method: RegisteredMethod,
  features: 'paper' | 'blocks',
  fixed: Partial<ProxySettings> = {},
): SweepMethod {
  const { name, module, create } = method;
  const { whole, split } = settingsOf(method, features, fixed);
  const usesProxy = (settings: Loose) => create(split(settings).options).fitObjective === undefined;
  const usesModel = (settings: Loose, alphabet?: 'dna' | 'protein') =>
    usesProxy(settings) && needsModel(split(settings).proxy, alphabet);
  return {
    name,
    resolve: (settings) => checkSettings(whole, settings),
    async dependencies(settings, alphabet): Promise<Record<string, string>> {
      if (!usesModel(settings, alphabet)) return {};
      const { model } = split(settings).proxy;
      return { model: await modelHash(model, alphabetOf(alphabet)) };
    },
    modules: (settings) => [moduleName(module), ...(usesProxy(settings) ? PROXY_MODULES : [])],
    memoryBytes: (settings) => (usesModel(settings) ? MODEL_MEMORY : BLOCKS_MEMORY),
    run(run) {
      const { options, proxy } = split(run.settings);
      return runDesignMethod(run, create(options), proxy);
    },
  };
}

const alphabetOf = (name: 'dna' | 'protein') => (name === 'dna' ? DNA : PROTEIN);

/** A companion beside the default search, as sweeps run it. */
export function companionMethod(companion: Companion): SweepMethod {
  const { name, module, fixed } = companion;
  const method = { name, module, schema: companionSchema(companion), create: companionSearch };
  const { split } = settingsOf(method, 'blocks', fixed);
  const search = registeredMethod(method, 'blocks', fixed);
  return {
    ...search,
    dependencies: async (settings, alphabet) => ({
      ...(await search.dependencies(settings, alphabet)),
      ...(await companion.dependencies(ownSettings(companion, settings), alphabetOf(alphabet))),
    }),
    memoryBytes: (settings) => search.memoryBytes(settings) + companion.memoryBytes,
    async run(run) {
      const { options, proxy } = split(run.settings);
      const changes = await companion.prepare(ownSettings(companion, run.settings), run);
      return runDesignMethod(run, companionSearch(options), proxy, changes);
    },
  };
}

/** The settings of a method and its proxy as one schema, and the way back. */
function settingsOf(
  { name, schema }: RegisteredMethod,
  features: 'paper' | 'blocks',
  fixed: Partial<ProxySettings>,
) {
  const proxy = z.strictObject(proxySettings(features));
  const chosen = Object.fromEntries(
    Object.entries(proxy.shape).filter(([key]) => !Object.hasOwn(fixed, key)),
  );
  const twice = Object.keys(schema.shape).find((key) => Object.hasOwn(proxy.shape, key));
  if (twice !== undefined) throw internal(`'${twice}' is a setting of both ${name} and the proxy`);
  const isOfProxy = (key: string) => Object.hasOwn(chosen, key);
  return {
    whole: z.strictObject({ ...schema.shape, ...chosen }),
    split(settings: Loose) {
      const entries = Object.entries(settings);
      const ofProxy = Object.fromEntries(entries.filter(([key]) => isOfProxy(key)));
      return {
        options: Object.fromEntries(entries.filter(([key]) => !isOfProxy(key))),
        proxy: proxy.parse({ ...ofProxy, ...fixed }) as ProxySettings,
      };
    },
  };
}
