import type { CurvePoint } from '../lm/training/trainer.js';
import type { TrainingSummary, TrainModelHooks, TrainModelResult } from '../run/lm/train-model.js';
import { printable } from '../run/printable.js';
import { drawCurve } from './curve.js';
import { formatTimeLeft } from './progress.js';

const thousands = (n: number) => n.toLocaleString('en-US');
const perplexity = (loss: number) => Math.exp(loss).toFixed(3);

/** What is going to be trained, a line each. */
export function summaryText({ corpus, config, family, base, distillation }: TrainingSummary): string {
  const folds = { train: 'train on', valid: 'held out', test: 'test' } as const;
  return [
    `${base ? `tuning ${base.name}` : 'a new model'} (${family})`,
    ...(distillation ? [`  teacher   ${distillation.teacher.name}`] : []),
    ...(['train', 'valid', 'test'] as const)
      .filter((fold) => corpus.counts[fold].sequences > 0)
      .map((fold) => {
        const { sequences, tokens } = corpus.counts[fold];
        return `  ${folds[fold].padEnd(9)} ${thousands(sequences)} sequences, ${thousands(tokens)} letters`;
      }),
    ...Object.entries(corpus.leftOut).map(([reason, count]) => `  left out  ${thousands(count)}: ${reason}`),
    `  at most ${thousands(config.steps)} steps of ${thousands(config.tokensPerStep)} tokens, seed ${config.seed}`,
  ]
    .map(printable)
    .join('\n');
}

/** How a training ended, with its curve. */
export function resultText(result: TrainModelResult): string {
  const { best, basePerplexity, testPerplexity, teacherPerplexity, steps, stopped, curve, model } = result;
  const lines = [
    drawCurve(curve),
    `held-out perplexity ${best.perplexity.toFixed(3)} at step ${best.step} of ${steps}, stopped ${stopped}`,
    ...(basePerplexity === null ? [] : [`the base model's was ${basePerplexity.toFixed(3)}`]),
    ...(teacherPerplexity === null ? [] : [`the teacher's is ${teacherPerplexity.toFixed(3)}`]),
    ...(testPerplexity === null ? [] : [`test perplexity ${testPerplexity.toFixed(3)}`]),
    ...(best.step === 0 ? ['no step made it better: the model is the base model'] : []),
    `model in ${printable(model)}`,
  ];
  return lines.join('\n');
}

/** What a training says while it runs. */
export interface TrainingDisplay {
  hooks: TrainModelHooks;
  stop(): void;
}

/** A bar with the time left on a terminal, else a line an evaluation; both on standard error. */
export async function createTrainingDisplay(quiet: boolean): Promise<TrainingDisplay> {
  if (quiet) return { hooks: {}, stop() {} };
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const bar = process.stderr.isTTY ? await createBar() : null;
  let [from, steps, since, heldOut] = [0, 0, performance.now(), '?'];
  return {
    hooks: {
      onReady(summary) {
        say(summaryText(summary));
        steps = summary.config.steps;
      },
      onStart(step) {
        if (step > 0) say(`going on from step ${step}`);
        [from, since] = [step, performance.now()];
        bar?.start(steps, step, { left: '?', loss: '?', heldOut });
      },
      onStep({ step, trainLoss }: CurvePoint) {
        const left = formatTimeLeft(performance.now() - since, step - from, steps - from);
        bar?.update(step, { left, loss: perplexity(trainLoss ?? NaN), heldOut });
      },
      onEvaluation({ step, heldOutLoss, trainLoss, tokens, seconds }: CurvePoint) {
        heldOut = perplexity(heldOutLoss ?? NaN);
        if (bar) return;
        const rate = seconds > 0 ? `, ${thousands(Math.round(tokens / seconds))} tokens/s` : '';
        const training = trainLoss === undefined ? '' : `, training ${perplexity(trainLoss)}`;
        say(`step ${step}/${steps}: perplexity held out ${heldOut}${training}${rate}`);
      },
    },
    stop: () => bar?.stop(),
  };
}

async function createBar() {
  const { default: progress } = await import('cli-progress');
  return new progress.SingleBar({
    format: 'training {bar} {value}/{total} | perplexity {loss}, held out {heldOut} | {left} left at most',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
}
