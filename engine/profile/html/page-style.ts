/** How a saved report looks: the app's colours, light and dark as the reader's system is, and on paper. Pure. */
import type { Family } from '../../node/node-definition.ts';
import { Markup } from './markup.ts';

type Colour =
  | 'ground'
  | 'panel'
  | 'hairline'
  | 'edge'
  | 'ink'
  | 'second-ink'
  | 'third-ink'
  | 'warn'
  | 'warn-wash'
  | 'bad'
  | 'bad-wash'
  | Family;

/** As in the app; `renderer/theme/report-colours.test.ts` holds them to its tokens. */
export const reportColours: Readonly<Record<'light' | 'dark', Readonly<Record<Colour, string>>>> = {
  light: {
    ground: '#f6f6f4',
    panel: '#fcfcfb',
    hairline: '#e4e3df',
    edge: '#c9c8c2',
    ink: '#1d1d1b',
    'second-ink': '#5d5c57',
    'third-ink': '#706e68',
    warn: '#8f5c10',
    'warn-wash': '#fbf3e2',
    bad: '#b93730',
    'bad-wash': '#fbebe9',
    input: '#6b6b75',
    vision: '#6b6b75',
    text: '#8a6a2f',
    encoder: '#2f6fde',
    fusion: '#0b7fab',
    compression: '#c9780a',
    projector: '#0f8f83',
    moe: '#8449d6',
    language: '#c2386a',
    acceleration: '#d9541e',
    weights: '#6f7a1c',
    output: '#3f7d34',
  },
  dark: {
    ground: '#161615',
    panel: '#1d1d1c',
    hairline: '#2c2c2a',
    edge: '#45443f',
    ink: '#ecebe6',
    'second-ink': '#a9a7a0',
    'third-ink': '#918f87',
    warn: '#e2b04f',
    'warn-wash': '#322a19',
    bad: '#ef7d74',
    'bad-wash': '#3a2220',
    input: '#9a9aa6',
    vision: '#9a9aa6',
    text: '#cdae74',
    encoder: '#6ba0ff',
    fusion: '#58bfe6',
    compression: '#f0a63a',
    projector: '#3cc4b6',
    moe: '#b78bff',
    language: '#f2709c',
    acceleration: '#ff8a52',
    weights: '#c3cf5e',
    output: '#7fc06f',
  },
};

const declared = (colours: Readonly<Record<string, string>>): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join('');

/** Paper is white whatever the screen is. */
export const pageStyle = new Markup(`
:root { color-scheme: light; ${declared(reportColours.light)} }
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; ${declared(reportColours.dark)} }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.5 Inter, system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 48px; }
h1 { margin: 0 0 4px; font-size: 22px; line-height: 1.3; overflow-wrap: anywhere; }
h2 { margin: 32px 0 8px; font-size: 16px; break-after: avoid; }
h3 { margin: 16px 0 4px; font-size: 14px; break-after: avoid; overflow-wrap: anywhere; }
p { margin: 4px 0; overflow-wrap: anywhere; }
.quiet { color: var(--second-ink); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
caption { text-align: start; color: var(--second-ink); padding: 0 0 4px; }
th, td { padding: 5px 8px; border-bottom: 1px solid var(--hairline); text-align: start; vertical-align: top; }
thead th { color: var(--second-ink); font-weight: 500; }
tbody th, tfoot th { font-weight: 500; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
.number { text-align: end; white-space: nowrap; }
.number, .figures dd { font-variant-numeric: tabular-nums; }
.spread { color: var(--second-ink); margin-inline-start: 6px; }
.chart { width: 30%; min-width: 160px; vertical-align: middle; }
.chart svg { display: block; width: 100%; height: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.track { fill: var(--hairline); }
.rest { fill-opacity: 0.4; }
.outside { fill: var(--third-ink); fill-opacity: 0.4; }
.hatched { fill: url(#hatch); }
.dot { display: inline-block; width: 8px; height: 8px; margin-inline-end: 6px; border-radius: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.figures { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 12px 0; }
.figures div { display: flex; flex-direction: column-reverse; }
.figures dt { color: var(--second-ink); font-size: 12px; }
.figures dd { margin: 0; font-size: 20px; font-weight: 600; }
.answer { margin: 8px 0; padding: 10px 14px; border: 1px solid var(--hairline); border-radius: 8px; background: var(--panel); white-space: pre-wrap; overflow-wrap: anywhere; }
.note { padding: 6px 12px; border-radius: 6px; background: var(--warn-wash); color: var(--warn); }
.note[data-severity='error'] { background: var(--bad-wash); color: var(--bad); }
.facts th { width: 34%; color: var(--second-ink); font-weight: 400; }
.picture { border: 1px solid var(--hairline); border-radius: 8px; background: var(--ground); break-inside: avoid; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.picture svg { display: block; width: 100%; height: auto; max-height: 640px; }
.card { fill: var(--panel); }
.title { fill: var(--ink); font-weight: 600; font-size: 13px; }
.small { fill: var(--second-ink); font-size: 11.5px; }
.wire { fill: none; stroke-width: 2; stroke-linecap: round; }
footer { margin-top: 32px; padding-top: 8px; border-top: 1px solid var(--hairline); color: var(--second-ink); font-size: 12px; }
@page { size: A4; margin: 14mm; }
@media print {
  body { background: #fff; font-size: 11px; }
  main { max-width: none; padding: 0; }
  table { font-size: 10px; }
  th, td { padding: 3px 5px; }
  .wide { overflow: visible; }
  .picture svg { max-height: 160mm; }
}
`);
