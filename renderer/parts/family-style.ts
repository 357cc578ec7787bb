/** Hands the colour of a family down to everything within an element, as the custom property `--family`. */
import type { CSSProperties } from 'react';
import type { Family } from '#engine/node/node-definition.ts';

export function familyStyle(family: Family | null): CSSProperties {
  const colour = family === null ? 'var(--third-ink)' : `var(--${family})`;
  // React knows custom properties, its types do not.
  return { '--family': colour } as CSSProperties;
}
