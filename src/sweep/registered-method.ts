import { z } from 'zod';
import { DNA, PROTEIN } from '../core/alphabet.js';
import { internal } from '../core/errors.js';
import type { Method } from '../design/method.js';
import { runDesignMethod } from './design-method.js';
import type { SweepMethod } from './method.js';
import { needsModel, proxySettings, type ProxySettings } from './proxy-settings.js';
import { checkSettings } from './settings-schema.js';
import { modelHash } from './sweep-model.js';

/** What is known of a design method: its options, and how it is made of them. */
export interface RegisteredMethod {
  name: string;
  /** Every option has a default. */
  schema: z.ZodObject;
  create(options: Record<string, unknown>): Method;
}

/** Memory of a proxy over closed-form blocks, and of a language model with its sessions; generous. */
const BLOCKS_MEMORY = 500 * 2 ** 20;
const MODEL_MEMORY = 700 * 2 ** 20;

/**
 * A design method as sweeps run it. Its settings are its own options and those of the proxy.
 * @param features the proxy unless the settings say otherwise
 */
export function registeredMethod(
  { name, schema, create }: RegisteredMethod,
  features: 'paper' | 'blocks',
): SweepMethod {
  const proxy = z.strictObject(proxySettings(features));
  const twice = Object.keys(schema.shape).find((key) => Object.hasOwn(proxy.shape, key));
  if (twice !== undefined) throw internal(`'${twice}' is a setting of both ${name} and the proxy`);
  const whole = z.strictObject({ ...schema.shape, ...proxy.shape });
  const split = (settings: Readonly<Record<string, unknown>>) => {
    const entries = Object.entries(settings);
    const isOfProxy = (key: string) => Object.hasOwn(proxy.shape, key);
    return {
      options: Object.fromEntries(entries.filter(([key]) => !isOfProxy(key))),
      proxy: proxy.parse(Object.fromEntries(entries.filter(([key]) => isOfProxy(key)))) as ProxySettings,
    };
  };
  const usesModel = (settings: Readonly<Record<string, unknown>>, alphabet?: 'dna' | 'protein') => {
    const { options, proxy: chosen } = split(settings);
    return create(options).fitObjective === undefined && needsModel(chosen, alphabet);
  };
  return {
    name,
    resolve: (settings) => checkSettings(whole, settings),
    async dependencies(settings, alphabet): Promise<Record<string, string>> {
      if (!usesModel(settings, alphabet)) return {};
      const { model } = split(settings).proxy;
      return { model: await modelHash(model, alphabet === 'dna' ? DNA : PROTEIN) };
    },
    memoryBytes: (settings) => (usesModel(settings) ? MODEL_MEMORY : BLOCKS_MEMORY),
    run(run) {
      const { options, proxy: chosen } = split(run.settings);
      return runDesignMethod(run, create(options), chosen);
    },
  };
}
