import { BiseqError, InputError, ModelError } from '../core/errors.js';
import type { LanguageModel } from './language-model.js';

/**
 * What to throw where onnxruntime could not load or run a graph of a model: memory that gave out is the machine's
 * fault, and a graph that came from an imported file is that file's. Anything else is a fault of ours and stays as it is.
 * @param doing for the message: `load` or `run`
 */
export function runtimeFault(
  { name, folder, importedFrom }: LanguageModel,
  doing: 'load' | 'run',
  cause: unknown,
): unknown {
  if (cause instanceof BiseqError || !(cause instanceof Error)) return cause;
  const got = firstLine(cause.message);
  if (/bad.?alloc|out of memory|failed to allocate|allocation failed/i.test(got)) {
    return new InputError(
      {
        what: `memory gave out while model ${name} was to ${doing}`,
        file: importedFrom ?? folder,
        got,
        fix: 'Take fewer workers (--workers 1), shorter sequences or a smaller model, or close other programs.',
      },
      { cause },
    );
  }
  if (importedFrom === undefined) return cause;
  return new ModelError(
    {
      what: `onnxruntime cannot ${doing} the imported model`,
      file: importedFrom,
      expected: 'a model that PyTorch exported whole, in float32',
      got,
      fix: 'Export it again by a recent PyTorch (torch.onnx.export, opset 17 or 18), or use its safetensors folder.',
    },
    { cause },
  );
}

/** Of a message that may quote a graph. */
function firstLine(message: string): string {
  const line = message
    .trim()
    .split('\n', 1)[0]
    .replace(/[\p{C}\s]+/gu, ' ');
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
