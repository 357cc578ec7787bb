/** Numbers as people read them: three significant digits, thin spaces, the unit after the number. */

const thinSpace = '\u2009';

/** As it is once it is shown: 999.6 has become 1000. */
const shown = (value: number): number => Number(value.toPrecision(3));

function threeDigits(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(shown(value)))));
  const rounded = value.toFixed(Math.min(digits, 6));
  const [whole = '', part] = rounded.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, thinSpace);
  return part === undefined ? grouped : `${grouped}.${part}`;
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let amount = value;
  let unit = 0;
  while (Math.abs(shown(amount)) >= step && unit < units.length - 1) {
    amount /= step;
    unit++;
  }
  return `${threeDigits(amount)}${thinSpace}${units[unit]}`.trimEnd();
}

/** "1.27 GB", in steps of 1000. */
export const formatBytes = (bytes: number): string =>
  scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB']);

/** "3.06 B" for parameters, "576" for small counts. */
export const formatCount = (count: number): string => scaled(count, 1000, ['', 'K', 'M', 'B', 'T']);

/** "1.79 T" floating-point operations. */
export const formatFlops = (flops: number): string =>
  scaled(flops, 1000, ['', 'k', 'M', 'G', 'T', 'P']);

/** "1.79 TFLOP", and in a second "1.79 TFLOP/s" with what is put behind it. */
export function formatOperations(flops: number): string {
  const text = formatFlops(flops);
  return `${text}${/\d$/.test(text) ? thinSpace : ''}FLOP`;
}

/** "1 204 ms", and "12.6 s" from ten seconds on. */
export function formatMilliseconds(milliseconds: number): string {
  if (Math.round(milliseconds) >= 10_000) return `${threeDigits(milliseconds / 1000)}${thinSpace}s`;
  return `${threeDigits(milliseconds)}${thinSpace}ms`;
}

/** "13.8" tokens per second. */
export const formatRate = (perSecond: number): string => threeDigits(perSecond);
