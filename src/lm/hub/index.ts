export { modelStatus, type ModelState, type ModelStatus, pulledModel, checkPins } from './pulled.js';
export { pullModel, type PullOptions, type PullResult } from './pull.js';
export type { OnPullProgress, PullProgress } from './progress.js';
export { REGISTRY, registryModel, findModel, type NamedModel, type RegistryModel } from './registry.js';
export type { RegistryEntry } from './entries.js';
export { removeModel, type Removal } from './remove.js';
export { hubSettings, type HubSettings } from './settings.js';
export { MEMORY_RULE, memoryNeed } from './size.js';
export {
  verifyModel,
  verifyPulled,
  type VerifiedFile,
  type VerifiedModel,
  type VerifyOptions,
} from './verify.js';
export { describeModel, listModels, type ModelOverview } from './overview.js';
export { type Pins, type PinnedFile, type PinnedModel, readLock } from './lock.js';
