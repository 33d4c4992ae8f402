import { expect, it } from 'vitest';
import * as biseq from '../src/index.js';

it('exports exactly these names', () => {
  expect(Object.keys(biseq).sort()).toMatchInlineSnapshot(`
    [
      "BiseqError",
      "CancelledError",
      "DNA",
      "InfeasibleError",
      "InputError",
      "ModelError",
      "PROTEIN",
      "bib",
      "countSetAside",
      "createNearestIndex",
      "createNumbering",
      "createObjective",
      "createPool",
      "createProblem",
      "createRandom",
      "decode",
      "designFromTable",
      "designSequences",
      "designsCsv",
      "designsFasta",
      "embeddedModels",
      "encode",
      "exampleTable",
      "fitProxy",
      "formatMutations",
      "hammingDistance",
      "languageModelFeatures",
      "loadTable",
      "openLanguageModel",
      "parseFasta",
      "parseMutations",
      "parseTable",
      "parseWildType",
      "readFasta",
      "readTable",
      "readWildType",
      "resolveModel",
      "runFiles",
      "runRecord",
    ]
  `);
});
