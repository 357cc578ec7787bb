/**
 * A run as one page that opens anywhere: figures, charts, a picture of the graph, answers and problems. It holds no
 * script and asks for nothing from outside, and says so to the browser, which then lets neither in. Pure.
 */
import { hasErrors } from '../../contract/problem.ts';
import { answerSection } from './answer-section.ts';
import { hatchPattern } from './bars.ts';
import { graphPicture } from './graph-picture.ts';
import { headlineSection } from './headline-section.ts';
import { markup, type Markup } from './markup.ts';
import { memorySection } from './memory-section.ts';
import { operatorSection } from './operator-section.ts';
import { pageStyle } from './page-style.ts';
import { problemSection } from './problem-section.ts';
import type { SavedReport } from './saved-report.ts';
import { settingSection } from './setting-section.ts';
import { stageSection } from './stage-section.ts';

const allowed = "default-src 'none'; style-src 'unsafe-inline'";

export function reportHtml(saved: SavedReport): string {
  const { report } = saved;
  const title = report.graph || 'A graph';
  // Why there are no figures is asked before anything else.
  const hasFailed = hasErrors(report.problems);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${allowed}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title} · a run of Patchbay</title>
<style>${pageStyle}</style>
</head>
<body>
${hatchPattern}
<main>
${heading(saved, title)}
${hasFailed ? problemSection(saved) : null}
${headlineSection(report)}
${answerSection(report)}
${stageSection(saved)}
${memorySection(saved)}
${operatorSection(saved)}
${graphPicture(saved)}
${settingSection(report)}
${hasFailed ? null : problemSection(saved)}
<footer>${report.machine ? 'Figures are measured, on the machine named above. ' : ''}Patchbay wrote this page; it holds no script and loads nothing.</footer>
</main>
</body>
</html>
`.text;
}

function heading({ document, startedAt }: SavedReport, title: string): Markup {
  return markup`<h1>${title}</h1>
${startedAt === null ? null : markup`<p class="quiet">Run of <time datetime="${startedAt}">${momentText(startedAt)}</time></p>`}
${document && document.about !== '' ? markup`<p>${document.about}</p>` : null}`;
}

/** "2026-07-01 14:02:11 UTC" */
const momentText = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
