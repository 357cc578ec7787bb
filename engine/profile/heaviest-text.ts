/** Which stage weighs most in a broken limit, as the end of a sentence. Pure. */
import type { Breach } from '../estimate/budget.ts';
import { formatPercent } from './format-ratio.ts';

/** "; 94 % of it is Language model · prefill"; nothing where no stage can be named. */
export const heaviestText = ({ heaviest }: Breach): string =>
  heaviest === null ? '' : `; ${formatPercent(heaviest.share)} of it is ${heaviest.title}`;
