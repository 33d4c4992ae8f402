import { cpus } from 'node:os';
import type { Circumstances } from './record.js';

/** When and where this process computed something, and at what cost. */
export function describeCircumstances(
  seconds: Readonly<Record<string, number>>,
  passes: Circumstances['passes'],
): Circumstances {
  const rounded = Object.entries(seconds).map(([phase, value]) => [phase, Number(value.toFixed(3))]);
  return {
    finishedAt: new Date().toISOString(),
    seconds: Object.fromEntries(rounded) as Record<string, number>,
    passes,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}
