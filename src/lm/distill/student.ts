import { InputError, ModelError } from '../../core/errors.js';
import type { Architecture } from '../architecture/architecture.js';
import { bert, parseBertConfig } from '../architecture/bert.js';
import { esm, parseEsmConfig } from '../architecture/esm.js';
import { esmc, parseEsmcConfig } from '../architecture/esmc.js';
import { gpt2, parseGpt2Config } from '../architecture/gpt2.js';
import type { BaseModel } from '../training/base-model.js';
import type { ModelSizes, TrainableModel } from '../training/new-model.js';

type Config = Readonly<Record<string, unknown>>;
type Sizes = Required<ModelSizes>;

/** How a family's config.json names its sizes, and the architecture that it describes. */
interface Family {
  width: string;
  feedForward: string;
  resized(sizes: Sizes): Config;
  build(config: Config): Architecture;
}

const encoder = (build: Family['build']): Family => ({
  width: 'hidden_size',
  feedForward: 'intermediate_size',
  resized: ({ layers, width, heads, feedForward }) => ({
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: feedForward,
  }),
  build,
});

const esmcFamily = encoder((config) => esmc(parseEsmcConfig(config)));

/** By `model_type` of config.json. */
const FAMILIES: Readonly<Record<string, Family>> = {
  esm: encoder((config) => esm(parseEsmConfig(config))),
  bert: encoder((config) => bert(parseBertConfig(config))),
  esmc: {
    ...esmcFamily,
    resized: (sizes) => ({
      ...esmcFamily.resized(sizes),
      num_key_value_heads: sizes.heads,
      head_dim: sizes.width / sizes.heads,
    }),
  },
  gpt2: {
    width: 'n_embd',
    feedForward: 'n_inner',
    resized: ({ layers, width, heads, feedForward }) => ({
      n_layer: layers,
      n_embd: width,
      n_head: heads,
      n_inner: feedForward,
    }),
    build: (config) => gpt2(parseGpt2Config(config)),
  },
};

/** Width of a head where none is said. */
const PER_HEAD = 32;

/**
 * A new model of the teacher's family, vocabulary and reading order in other sizes. Its feed-forward layers are as much
 * wider than the model as the teacher's.
 * @throws InputError where heads do not divide the width, or leave an odd share
 */
export function resizedStudent(teacher: BaseModel, sizes: ModelSizes & { layers: number; width: number }) {
  const config = teacher.files.config as Config & { model_type: string };
  const family = FAMILIES[config.model_type];
  const { layers, width, heads = Math.max(1, Math.round(width / PER_HEAD)) } = sizes;
  if (width % (2 * heads) !== 0) {
    throw new InputError({
      what: 'the width of the student cannot be shared out among its heads',
      expected: 'an even number for each head',
      got: `width ${width}, ${heads} heads`,
      fix: 'Choose another width or another number of heads.',
    });
  }
  const ratio =
    Number(config[family.feedForward] ?? 4 * Number(config[family.width])) / Number(config[family.width]);
  const feedForward = sizes.feedForward ?? Math.round(ratio * width);
  const own = { ...config, ...family.resized({ layers, width, heads, feedForward }) };
  const { alphabet, objective, special, padId, encode, files } = teacher;
  const model: TrainableModel = {
    ...{ alphabet, objective, special, padId, encode },
    architecture: family.build(own),
    files: { config: own, texts: files.texts },
  };
  return model;
}

/**
 * A student learns what each token of the teacher's vocabulary is worth, so it must have the same ones, and read in the
 * same order.
 * @throws ModelError where it has not
 */
export function checkStudent(teacher: BaseModel, student: BaseModel): void {
  const [asked, got] = [teacher, student].map(({ model }) => model.tokenizer.vocabulary);
  const size = (one: BaseModel) => one.architecture.vocabularySize;
  const differs = asked.findIndex((token, id) => got[id] !== token);
  if (differs >= 0 || asked.length !== got.length || size(teacher) !== size(student)) {
    const at = differs < 0 ? '' : `, token ${differs}: '${asked[differs]}'`;
    const its = differs < 0 ? '' : `, token ${differs}: '${got[differs] ?? 'none'}'`;
    throw new ModelError({
      what: 'teacher and student have different vocabularies',
      file: student.model.folder,
      expected: `that of ${teacher.model.name}: ${size(teacher)} tokens${at}`,
      got: `${size(student)} tokens${its}`,
      fix: 'Give the size of a new student, such as 2x96: it takes over the vocabulary of the teacher.',
    });
  }
  if (teacher.objective !== student.objective || teacher.order !== student.order) {
    throw new ModelError({
      what: 'teacher and student read differently',
      file: student.model.folder,
      expected: `${teacher.objective}, ${teacher.order}`,
      got: `${student.objective}, ${student.order}`,
      fix: 'Choose another student.',
    });
  }
}
