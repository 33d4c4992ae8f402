import { readLock } from './lock.js';
import { modelStatus, type ModelStatus } from './pulled.js';
import { findModel, type NamedModel, REGISTRY } from './registry.js';
import { type HubSettings, hubSettings } from './settings.js';

/** A model by name, and how much of it is here. */
export interface ModelOverview extends NamedModel {
  readonly status: ModelStatus;
}

/** One model, see {@link listModels}. @throws ModelError for a name that is neither of the registry nor a hub id */
export function describeModel(name: string, overrides: Partial<HubSettings> = {}): ModelOverview {
  const model = findModel(name);
  return { ...model, status: modelStatus(model.hubId, hubSettings(overrides)) };
}

/** All models of the registry, then those that were pulled by their hub id. Touches no network. */
export function listModels(overrides: Partial<HubSettings> = {}): ModelOverview[] {
  const known = new Set(REGISTRY.map(({ hubId }) => hubId));
  const others = Object.keys(readLock(hubSettings(overrides).lockFile)).filter((hubId) => !known.has(hubId));
  return [...known, ...others].map((hubId) => describeModel(hubId, overrides));
}
