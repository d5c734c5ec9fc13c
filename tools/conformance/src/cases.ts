import { arithmeticCases } from './cases/arithmetic';
import { arrangementCases } from './cases/arrangement';
import { convolutionCases } from './cases/convolution';
import { coreCases } from './cases/core';
import { indexingCases } from './cases/indexing';
import { matrixCases } from './cases/matrix';
import { patternCases } from './cases/patterns';
import { reductionCases } from './cases/reduction';
import type { OpCase } from './op-case';

/** Every case; names are unique. */
export const cases: OpCase[] = [
  ...arithmeticCases,
  ...reductionCases,
  ...matrixCases,
  ...convolutionCases,
  ...arrangementCases,
  ...indexingCases,
  ...coreCases,
  ...patternCases,
];
