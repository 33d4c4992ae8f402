import { ModelError } from '../../core/errors.js';
import type { Checkpoint } from '../io/checkpoint.js';
import type { Architecture } from './architecture.js';
import { bert, parseBertConfig } from './bert.js';
import { esm, parseEsmConfig } from './esm.js';
import { esmc, parseEsmcConfig } from './esmc.js';
import { gpt2, parseGpt2Config } from './gpt2.js';

/** Where checkpoints keep rotary frequencies: with each layer, or once for all. */
const ROTARY_FREQUENCIES = [
  'esm.encoder.layer.0.attention.self.rotary_embeddings.inv_freq',
  'esm.rotary_embeddings.inv_freq',
];

/** Builders by `model_type` of config.json. */
const families: Readonly<Record<string, (checkpoint: Checkpoint) => Architecture>> = {
  esm: (checkpoint) => {
    const config = parseEsmConfig(checkpoint.config, `${checkpoint.folder}/config.json`);
    const stored = ROTARY_FREQUENCIES.find((name) => checkpoint.has(name));
    return esm(config, stored === undefined ? undefined : checkpoint.tensor(stored).data);
  },
  bert: (checkpoint) => bert(parseBertConfig(checkpoint.config, `${checkpoint.folder}/config.json`)),
  gpt2: (checkpoint) => gpt2(parseGpt2Config(checkpoint.config, `${checkpoint.folder}/config.json`)),
  esmc: (checkpoint) => esmc(parseEsmcConfig(checkpoint.config, `${checkpoint.folder}/config.json`)),
};

/**
 * The architecture that a checkpoint's config describes.
 * @throws ModelError when it is not supported, or its config does not fit
 */
export function architectureOf(checkpoint: Checkpoint): Architecture {
  const build = families[checkpoint.modelType];
  if (!build) {
    throw new ModelError({
      what: `model_type '${checkpoint.modelType}' is not supported`,
      file: `${checkpoint.folder}/config.json`,
      expected: `one of ${Object.keys(families).join(', ')}`,
      got: checkpoint.modelType,
    });
  }
  return build(checkpoint);
}
