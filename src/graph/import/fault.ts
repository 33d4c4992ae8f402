import { ModelError } from '../../core/errors.js';

/** Where in a model something is wrong, and what. */
export interface ImportFault {
  what: string;
  expected?: string;
  got?: string;
  fix?: string;
}

/** What helps against most of what an exporter can get wrong. */
export const EXPORT_AGAIN =
  'Export the model from PyTorch with torch.onnx.export, opset_version 17 or 18, in float32.';

/** The error of a model file. */
export function modelFault(file: string, fault: ImportFault, cause?: unknown): ModelError {
  return new ModelError({ file, ...fault }, { cause });
}
