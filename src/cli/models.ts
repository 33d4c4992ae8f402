import { Command, Option } from 'commander';
import { ModelError } from '../core/errors.js';
import { interruptible } from './interrupt.js';
import { print } from './print.js';

interface OutputFlags {
  json?: boolean;
  quiet?: boolean;
}

interface PullFlags extends OutputFlags {
  offline?: boolean;
  revision?: string;
  update?: boolean;
}

/**
 * `biseq models list | info | pull | verify | remove`
 * @param parent whose settings the commands take over
 */
export function modelsCommand(parent: Command): Command {
  const models = new Command('models')
    .copyInheritedSettings(parent)
    .description('Language models: what there is, and getting them from the Hugging Face hub.')
    .addHelpText('after', HELP);
  models
    .command('list')
    .description('List the models, and which of them are here.')
    .addOption(json())
    .action(list);
  models
    .command('info')
    .description('Tell what is known of a model.')
    .argument('<name>', NAME)
    .addOption(json())
    .action(info);
  models
    .command('pull')
    .description('Download a model, check it, and pin what came. Goes on where it was interrupted.')
    .argument('<names...>', NAME)
    .option('--offline', 'never touch the network: check and pin what is in the cache')
    .option('--revision <revision>', 'branch, tag or commit (default: the pinned one, else main)')
    .option('--update', 'move the pin to what the revision stands for now')
    .addOption(json())
    .option('--quiet', 'print nothing but errors')
    .action((names: string[], flags: PullFlags) => interruptible((signal) => pull(names, flags, signal)));
  models
    .command('verify')
    .description('Compare pulled models with their pinned checksums.')
    .argument('[names...]', `${NAME} (default: all that were pulled)`)
    .addOption(json())
    .option('--quiet', 'print nothing but errors')
    .action((names: string[], flags: OutputFlags) => interruptible((signal) => verify(names, flags, signal)));
  models
    .command('remove')
    .description('Remove a pulled model. What other tools keep in the same cache stays.')
    .argument('<name>', NAME)
    .addOption(json())
    .action(remove);
  return models;
}

const NAME = 'name of the list, or organisation/model of the hub';

const HELP = `
Models go into the cache of Hugging Face's own tools (HF_HUB_CACHE, HF_HOME; ~/.cache/huggingface/hub).
HF_ENDPOINT names a mirror, HTTPS_PROXY a proxy, HF_TOKEN a token for gated models; HF_HUB_OFFLINE=1 is --offline.

Example:
  biseq models pull esm2-8m`;

const json = (): Option => new Option('--json', 'print JSON instead of text');

const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

async function list(flags: OutputFlags): Promise<void> {
  const { listModels } = await import('../lm/hub/overview.js');
  const { embeddedModels } = await import('../lm/registry.js');
  const screen = await import('./models-screen.js');
  const models = listModels();
  if (flags.json) printJson(models.map(screen.modelRecord));
  else
    print(
      screen.modelTable(
        models,
        embeddedModels().map(({ name }) => name),
      ),
    );
}

async function info(name: string, flags: OutputFlags): Promise<void> {
  const { describeModel } = await import('../lm/hub/overview.js');
  const screen = await import('./models-screen.js');
  const model = describeModel(name);
  if (flags.json) printJson(screen.modelRecord(model));
  else print(screen.modelCard(model));
}

async function pull(names: string[], flags: PullFlags, signal: AbortSignal): Promise<void> {
  const { pullModel } = await import('../lm/hub/pull.js');
  const { createPullDisplay } = await import('./pull-display.js');
  const screen = await import('./models-screen.js');
  const { revision, update } = flags;
  const results = [];
  for (const name of names) {
    const display = await createPullDisplay(!flags.quiet);
    const settings = { offline: flags.offline };
    const options = { revision, update, settings, signal, onProgress: display.show };
    const result = await pullModel(name, options).finally(display.stop);
    results.push(result);
    if (!flags.quiet && !flags.json) print(screen.pulledText(result));
  }
  if (flags.json) printJson(results);
}

async function verify(names: string[], flags: OutputFlags, signal: AbortSignal): Promise<void> {
  const { verifyPulled } = await import('../lm/hub/verify.js');
  const { createPullDisplay } = await import('./pull-display.js');
  const screen = await import('./models-screen.js');
  const display = await createPullDisplay(!flags.quiet);
  const options = { signal, onProgress: display.show };
  const verified = await verifyPulled(names, {}, options).finally(display.stop);
  if (flags.json) printJson(verified);
  else if (!flags.quiet) print(screen.verifiedText(verified));
  const bad = verified.filter(({ ok }) => !ok).map(({ hubId }) => hubId);
  if (bad.length === 0) return;
  throw new ModelError({
    what: `not as pinned: ${bad.join(', ')}`,
    expected: 'all files with their pinned checksums',
    got: 'missing or changed ones',
    fix: `Pull again: biseq models pull ${bad.join(' ')}`,
  });
}

async function remove(name: string, flags: OutputFlags): Promise<void> {
  const { removeModel } = await import('../lm/hub/remove.js');
  const screen = await import('./models-screen.js');
  const removal = await removeModel(name);
  if (flags.json) printJson(removal);
  else print(screen.removedText(removal));
}
