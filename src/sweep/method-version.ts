import { type CompiledProgram, openProgram } from './code-version.js';
import type { Settings, SweepMethod } from './method.js';
import { defaultsOf, sweepMethod, sweepMethodNames } from './methods.js';

/** The version of the code that computes cells of a method with these settings; see `CompiledProgram.codeVersion`. */
export type MethodVersion = (method: SweepMethod, settings: Settings) => string;

/**
 * Versions of methods in a program, each found once.
 * @param program default: this one
 */
export function methodVersions(program: CompiledProgram = openProgram()): MethodVersion {
  const ofMethods = modulesOfMethods();
  const known = new Map<string, string>();
  return (method, settings) => {
    const own = method.modules(settings);
    const key = own.join(' ');
    const version = known.get(key) ?? program.codeVersion(own, ofMethods);
    known.set(key, version);
    return version;
  };
}

/**
 * Every module that some method names by its default settings. One that a method names by other settings alone is not
 * here, and so counts for all methods.
 */
export function modulesOfMethods(): string[] {
  const names = sweepMethodNames().flatMap((name) => sweepMethod(name).modules(defaultsOf(name)));
  return [...new Set(names)].sort();
}
