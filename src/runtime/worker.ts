import { parentPort } from 'node:worker_threads';
import type { Outputs, Reply, Request } from './messages.js';
import { createSession, type Feeds, type Session, type TensorValue } from './session.js';

/** A worker thread: sessions live here, because onnxruntime-node's `run` blocks the thread it is called from. */
const port = parentPort!;
const sessions = new Map<number, Session>();
const held = new Map<number, Feeds>();

/** Adds up the outputs over several runs, in their order. */
async function sum(session: Session, batches: readonly Feeds[], fixed: Feeds): Promise<Outputs> {
  let total: Outputs | null = null;
  for (const batch of batches) {
    const outputs = await session.run({ ...fixed, ...batch });
    if (!total) total = outputs;
    else for (const [name, { data }] of Object.entries(outputs)) addInto(total[name].data, data);
  }
  return total ?? {};
}

function addInto(target: TensorValue['data'], source: TensorValue['data']): void {
  const [to, from] = [target as Float32Array, source as Float32Array];
  for (let i = 0; i < to.length; i++) to[i] += from[i];
}

async function handle(request: Request): Promise<Outputs> {
  if (request.kind === 'create') {
    sessions.set(request.session, await createSession(request.model, request.options));
    return {};
  }
  const session = sessions.get(request.session)!;
  switch (request.kind) {
    case 'hold':
      held.set(request.session, request.feeds);
      return {};
    case 'run':
      return session.run({ ...held.get(request.session), ...request.feeds }, request.outputs);
    case 'sum':
      return sum(session, request.batches, held.get(request.session) ?? {});
    case 'release':
      sessions.delete(request.session);
      held.delete(request.session);
      await session.release();
      return {};
  }
}

port.on('message', async ({ id, request }: { id: number; request: Request }) => {
  const reply: Reply = { id };
  try {
    reply.outputs = await handle(request);
  } catch (error) {
    reply.error = error instanceof Error ? error.message : String(error);
  }
  const buffers = new Set(Object.values(reply.outputs ?? {}).map(({ data }) => data.buffer as ArrayBuffer));
  port.postMessage(reply, [...buffers]);
});
