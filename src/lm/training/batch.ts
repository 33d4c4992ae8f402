import type { Feeds } from '../../runtime/session.js';
import type { Architecture } from '../architecture/architecture.js';

/** One sequence of a training batch: token ids as the model sees them, and what it should say. */
export interface Example {
  readonly ids: Int32Array;
  /** Token to predict at each position, or -1 where none is scored. */
  readonly labels: Int32Array;
}

/** Padded length of a micro-batch. */
export const paddedTo = (tokens: number, multiple: number) => Math.ceil(tokens / multiple) * multiple;

/**
 * Feeds of a micro-batch.
 * @param length padded length T
 * @param weight of each scored position in the loss
 */
export function batchFeeds(
  architecture: Architecture,
  examples: readonly { ids: ArrayLike<number>; labels?: ArrayLike<number> }[],
  length: number,
  padId: number,
  weight = 1,
): Feeds {
  const B = examples.length;
  const V = architecture.vocabularySize;
  const ids = new Int32Array(B * length).fill(padId);
  const mask = new Float32Array(B * length);
  const embedScale = new Float32Array(B * length);
  const positions = new Int32Array(B * length);
  const scored = examples.some((example) => example.labels);
  const targets = new Float32Array(scored ? B * length * V : 0);
  examples.forEach((example, b) => {
    const row = architecture.row(example.ids, example.ids.length);
    for (let t = 0; t < length; t++) {
      const at = b * length + t;
      if (t < example.ids.length) {
        ids[at] = example.ids[t];
        mask[at] = 1;
        const label = example.labels ? example.labels[t] : -1;
        if (label >= 0) targets[at * V + label] = weight;
      }
      embedScale[at] = row.embedScale(t);
      positions[at] = row.position(t);
    }
  });
  const shape = [B, length];
  return {
    ids: { data: ids, shape },
    mask: { data: mask, shape },
    embed_scale: { data: embedScale, shape },
    positions: { data: positions, shape },
    ...(scored ? { targets: { data: targets, shape: [B, length, V] } } : {}),
  };
}

/** Only those feeds that a graph takes. */
export function feedsFor(inputs: readonly { readonly name: string }[], feeds: Feeds): Feeds {
  return Object.fromEntries(
    inputs.filter(({ name }) => name in feeds).map(({ name }) => [name, feeds[name]]),
  );
}
