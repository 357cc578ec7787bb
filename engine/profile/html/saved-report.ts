import type { GraphDocument } from '../../contract/document.ts';
import type { Report } from '../../contract/report.ts';
import type { Catalogue } from '../../node/any-node-definition.ts';

/** What a page is made of. */
export interface SavedReport {
  readonly report: Report;
  /** The graph as it was run; null where that is not known any more. */
  readonly document: GraphDocument | null;
  /** When the run began, as ISO 8601 has it; null where nobody knows. */
  readonly startedAt: string | null;
  readonly catalogue: Catalogue;
}

/** The colour of a node's family, as a property of the page's style. */
export function hueOf(type: string, catalogue: Catalogue): string {
  const definition = Object.hasOwn(catalogue, type) ? catalogue[type] : undefined;
  return `var(--${definition?.family ?? 'third-ink'})`;
}
