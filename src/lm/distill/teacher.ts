import { type Graph, GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import type { Pool, PooledSession } from '../../runtime/pool.js';
import type { Feeds, TensorValue } from '../../runtime/session.js';
import { type Architecture, declareInputs } from '../architecture/architecture.js';
import { constantParameters, type WeightSource } from '../architecture/parameters.js';
import type { LanguageModel } from '../language-model.js';
import { batchFeeds, feedsFor } from '../training/batch.js';
import { atScored } from './distillation-graph.js';

/** The part of a model that predictions need. */
export type TeacherModel = Pick<LanguageModel, 'architecture' | 'weights' | 'externalFolder' | 'parameters'>;

/** A model whose predictions a student learns from. */
export interface Teacher {
  /** Logits [S x V] at the S places of `scored` [S x 2], of the tokens that a run of the student sees. */
  predict(run: Feeds, scored: TensorValue): Promise<TensorValue>;
  /** Its graph without the weights. */
  readonly shapes: Graph;
  release(): Promise<void>;
}

/** The teacher's logits at the scored places: output `teacher` [S x V]. */
export function teacherGraph(architecture: Architecture, weights: WeightSource): Graph {
  const g = new GraphBuilder();
  const parameters = constantParameters(g, weights);
  const { hidden } = architecture.encode(g, parameters, declareInputs(g));
  const scored = g.input('scored', 'int64', ['S', 2]);
  return g.build({ teacher: atScored(g, architecture.logits(g, parameters, hidden), scored) });
}

/** A teacher that is compiled in a pool when it is first asked. */
export function createTeacher(pool: Pool, { architecture, weights, externalFolder }: TeacherModel): Teacher {
  const graph = teacherGraph(architecture, weights);
  const { inputs, nodes, outputs } = graph;
  let compiled: Promise<PooledSession> | null = null;
  let model: Uint8Array | null = serialise(graph);
  const compile = () => {
    const session = pool.create(model!, { externalFolder });
    model = null;
    return session;
  };
  return {
    shapes: { inputs, nodes, outputs, constants: new Map() },
    async predict(run, scored) {
      const session = await (compiled ??= compile());
      const feeds = feedsFor(inputs, { ...feedsOfTokens(architecture, run), scored });
      return (await session.run(feeds)).teacher;
    },
    async release() {
      if (compiled) await (await compiled).release();
    },
  };
}

/** The same tokens as another architecture's feeds have them: its own positions and factors. */
function feedsOfTokens(architecture: Architecture, { ids, mask }: Feeds): Feeds {
  const [B, T] = ids.shape;
  const data = ids.data as Int32Array;
  const examples = Array.from({ length: B }, (_, b) => {
    const row = mask.data.subarray(b * T, (b + 1) * T) as Float32Array;
    return { ids: data.subarray(b * T, b * T + row.reduce((sum, one) => sum + one, 0)) };
  });
  const padded = data.find((_, i) => mask.data[i] === 0) ?? 0;
  return batchFeeds(architecture, examples, T, padded);
}
