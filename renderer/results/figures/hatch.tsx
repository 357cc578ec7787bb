/** Slanted lines that fill their place: told from a solid bar without colour. */
import { useId } from 'react';

export function Hatch({ hue }: { readonly hue: string }) {
  const id = useId();
  return (
    <svg width="100%" height="100%" style={{ display: 'block' }} aria-hidden>
      <pattern
        id={id}
        width="4"
        height="4"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <line x1="1" y1="0" x2="1" y2="4" stroke={hue} strokeWidth="1.5" />
      </pattern>
      <rect width="100%" height="100%" fill={`url(#${id})`} />
    </svg>
  );
}
