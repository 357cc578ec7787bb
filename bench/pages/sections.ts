/** Pages of several sections, of which a command writes one or all. */
import { formatBytes } from '#engine/contract/format.ts';
import { describeMachine } from '#host/system/machine.ts';

/** The page with some sections new, in the order of `titles`; those that are not keep what the page had. */
export function pageWith<Part extends string>(
  introduction: string,
  titles: Readonly<Record<Part, string>>,
  old: string,
  sections: Readonly<Partial<Record<Part, string>>>,
): string {
  const parts = (Object.keys(titles) as Part[]).flatMap(
    (part) => sections[part] ?? sectionOf(old, titles[part]) ?? [],
  );
  return `${[introduction.trim(), ...parts].join('\n\n')}\n`;
}

/** A section of a page, by its heading; undefined where it has none. */
export const sectionOf = (page: string, title: string): string | undefined =>
  page
    .split(/^(?=## )/m)
    .slice(1)
    .find((section) => /^## (.*)/.exec(section)?.[1] === title)
    ?.trim();

/** On what, with what, when and by which command. */
export function provenance(command: string): string {
  const { cpu, threads, memoryBytes, node, onnxRuntime } = describeMachine();
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpu}, ${threads} threads, ${formatBytes(memoryBytes)}, Node.js ${node}, ONNX Runtime ${onnxRuntime}`;
  return `Measured on ${date} by \`${command}\`: ${machine}.`;
}
