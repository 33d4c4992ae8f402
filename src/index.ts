/**
 * biseq: offline design of biological sequences by bidirectional learning (BIB, arXiv 2301.02931). `designFromTable` does
 * the main job; everything that it is made of is here too. Nothing prints, and only what says so touches files.
 */

export {
  type Alphabet,
  decode,
  DNA,
  encode,
  hammingDistance,
  PROTEIN,
  type Sequence,
} from './core/alphabet.js';
export {
  BiseqError,
  CancelledError,
  type Fault,
  InfeasibleError,
  InputError,
  ModelError,
} from './core/errors.js';
export type { FeatureMap, OneHotGradients } from './core/feature-map.js';
export { createRandom, type Random } from './core/random.js';

export { createPool, type Pool } from './runtime/pool.js';
export { type LanguageModel, openLanguageModel } from './lm/language-model.js';
export { openModel } from './lm/onnx-model/open-model.js';
export { openNamedModel } from './lm/open-named.js';
export { openOnnxModel, type OpenOnnxModelOptions } from './lm/onnx-model/open.js';
export { type LanguageModelFeatureMap, languageModelFeatures } from './lm/lm-feature-map.js';
export { embed, type Embedding, type EmbedOptions, type EmbedWhat } from './lm/embed/embed.js';
export { residueFeatures } from './lm/embed/sites.js';
export { type LogLikelihoodRatio, logLikelihoodRatio } from './lm/score/llr-features.js';
export {
  letterLogProbabilities,
  type MarginalOptions,
  type Marginals,
  substitutionScores,
} from './lm/score/marginals.js';
export { type Score, SCORE_COLUMNS, type ScoreMethod, scoreSequences } from './lm/score/score.js';
export type { NamedSequence } from './lm/token-text.js';
export { embeddedModels, type ResolvedModel, resolveModel } from './lm/registry.js';

export {
  type ColumnUse,
  countSetAside,
  createNumbering,
  exampleTable,
  type ExampleTable,
  type FastaRecord,
  formatMutations,
  type MeasuredRow,
  type Numbering,
  parseFasta,
  parseMutations,
  parseTable,
  parseWildType,
  readFasta,
  type ReadLimits,
  readTable,
  readWildType,
  type SetAside,
  type SetAsideReason,
  type Table,
  type TableOptions,
  type VariantKind,
} from './table/index.js';

export { fitProxy, type ProxyData, type ProxyFit, type ProxyOptions } from './proxy/fit.js';
export {
  type DistilledHead,
  type DistilledHeadOptions,
  distillHeads,
  type DistillRows,
} from './proxy/distilled-head.js';
export type { SoftBins } from './proxy/soft-bins.js';
export type { Block } from './proxy/blocks/block.js';
export {
  type BlocksFit,
  type BlocksOptions,
  type BlocksProgress,
  type BlocksReport,
  type BlocksRequest,
  fitBlocks,
} from './proxy/blocks/fit-blocks.js';

export { auto, type AutoOptions } from './design/auto.js';
export type { BatchRule } from './design/batch-selection.js';
export { bib } from './design/bib.js';
export type { BibOptions } from './design/bib-options.js';
export { blocksLearner, type BlocksLearning } from './design/blocks-learner.js';
export type { DiscreteSearchOptions } from './design/discrete-options.js';
export { discreteSearch } from './design/discrete-search.js';
export { exhaustive, type ExhaustiveOptions } from './design/exhaustive.js';
export {
  type LearnedProxy,
  paperLearner,
  type ProxyBelief,
  type ProxyLearner,
  type ProxyLearning,
} from './design/learned-proxy.js';
export type { LmBlock } from './design/lm-block-names.js';
export { languageModelBlocks, type LmBlocksRequest } from './design/lm-blocks.js';
export {
  type Design,
  type DesignOptions,
  type DesignProgress,
  type DesignRequest,
  type DesignResult,
  designSequences,
  type DesignStats,
  designWith,
  type DesignWithOptions,
  type DesignWithRequest,
} from './design/design-sequences.js';
export type { Exploration, Method, MethodProgress, MethodRun, Start, Visit } from './design/method.js';
export { createNearestIndex, type Nearest, type NearestIndex } from './design/nearest.js';
export {
  createObjective,
  type Evaluation,
  type GradientEvaluation,
  type Objective,
  type PassCounts,
} from './design/objective.js';
export { createProblem, type Problem, type ProblemOptions } from './design/problem.js';

export {
  bestOfN,
  type BestOfNOptions,
  type DrawnRegion,
  type ModelPair,
  rankByTrlm,
  rankingOf,
  type Region,
  type Strand,
  type TrlmRankOptions,
  type TrlmScore,
  variedRegion,
} from './verify/trlm/index.js';

export {
  bdiaInvert,
  bdiaRegenerate,
  bdiaSample,
  cosineSchedule,
  createDenoiser,
  createEditor,
  ddimInvert,
  ddimSample,
  ddimStep,
  type Denoiser,
  type DenoiserWeights,
  type DenoisingData,
  type DenoisingHooks,
  type Edit,
  editLead,
  type Editor,
  type EditorOptions,
  type EditRequest,
  type EditResult,
  labelledPool,
  leadStates,
  loadDenoiser,
  type NoisePredictor,
  type NoiseSchedule,
  pairAt,
  saveDenoiser,
  type StatePair,
  type TrainedDenoiser,
  trainDenoiser,
} from './diffusion/index.js';

export { BLOCK_NAMES } from './run/block-names.js';
export { designFromTable, type DesignRun, type RunHooks, type RunProgress } from './run/design-run.js';
export { editFiles, editsCsv, editsFasta } from './run/edit-files.js';
export type { EditRunOptions } from './run/edit-options.js';
export {
  editFromTable,
  type EditHooks,
  type EditProgress,
  type EditRow,
  type EditRun,
} from './run/edit-run.js';
export { designsCsv, designsFasta, runFiles } from './run/files.js';
export {
  type EmbedFileOptions,
  type EmbedResult,
  embedToFile,
  type SequenceHooks,
  type SequenceProgress,
} from './run/lm/embed-file.js';
export { type ScoreFileOptions, type ScoreResult, scoreTo, scoreToFile } from './run/lm/score-file.js';
export { distillModel, type Pupil } from './run/lm/distill-model.js';
export type { DistillSettings, Student, StudentSizes } from './run/lm/distill-options.js';
export {
  trainModel,
  type TrainModelHooks,
  type TrainModelResult,
  type TrainingPlace,
  type TrainingSummary,
  tuneModel,
} from './run/lm/train-model.js';
export type { TrainingSettings } from './run/lm/training-options.js';
export { loadTable } from './run/load-table.js';
export type { DesignRunOptions } from './run/options.js';
export { runRecord, type RunRecord } from './run/record.js';
export type { DesignRow } from './run/rows.js';

export { type Candidate, type CandidateList, readCandidates } from './run/verify/candidates.js';
export { verifiedCsv } from './run/verify/csv.js';
export type { FobarShares } from './run/verify/fobar-columns.js';
export type { VerifyOptions } from './run/verify/options.js';
export {
  type Verification,
  verifyCandidates,
  type VerifyHooks,
  type VerifyProgress,
} from './run/verify/verify.js';
export {
  combineVotes,
  type CountSpread,
  createRefit,
  type FobarOptions,
  type FobarRequest,
  type FobarResult,
  forwardShares,
  type MeasuredScores,
  type TableVerification,
  type VerifiedCandidate,
  verifyByFobar,
  verifyByTable,
} from './verify/index.js';
