export {
  bdiaInvert,
  bdiaRegenerate,
  bdiaSample,
  type InversionOptions,
  pairAt,
  SMALLEST_G,
  type StatePair,
} from './bdia.js';
export { ddimInvert, ddimSample, ddimStep, type NoisePredictor } from './ddim.js';
export { createDenoiser, type Denoiser } from './denoiser.js';
export { type Edit, editLead, type EditRequest, type EditResult, type EditRung } from './edit-lead.js';
export { createEditor, type Editor, type EditorOptions, indexOfBack, leadStates } from './editor.js';
export { loadDenoiser, saveDenoiser } from './model-file.js';
export { labelledPool, type LabelledPool, type PoolRequest } from './pool.js';
export { cosineSchedule, type NoiseSchedule } from './schedule.js';
export {
  type DenoiserWeights,
  type DenoisingData,
  type DenoisingHooks,
  type DenoisingState,
  type TrainedDenoiser,
  trainDenoiser,
} from './training.js';
export type { TrainingOptions } from './training-options.js';
