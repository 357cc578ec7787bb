/** In which window Patchbay can show itself here: what the user wished, what the machine has. */

/** `none` only prints the address. */
export const faces = ['electron', 'browser', 'none'] as const;
export type Face = (typeof faces)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/** What PATCHBAY_FACE asks for; null where it asks for nothing, a sentence where it asks for nonsense. */
export function wishedFace(env: Environment): Face | null | { readonly mistake: string } {
  const wish = env['PATCHBAY_FACE'];
  if (!wish) return null;
  const face = faces.find((name) => name === wish);
  return (
    face ?? { mistake: `PATCHBAY_FACE is "${wish}"; set it to ${faces.join(', ')} or not at all.` }
  );
}

/** Why no window can open here; null where one can. Only Linux and its kin run without a display. */
export function displayProblem(env: Environment, platform: NodeJS.Platform): string | null {
  if (platform === 'darwin' || platform === 'win32') return null;
  if (env['DISPLAY'] || env['WAYLAND_DISPLAY']) return null;
  return 'there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)';
}

/** "a, b and c", for the reasons why something better did not open. */
export function because(reasons: readonly string[]): string {
  if (reasons.length === 0) return '';
  const last = reasons.at(-1) ?? '';
  const others = reasons.slice(0, -1);
  return `, because ${others.length === 0 ? last : `${others.join(', ')} and ${last}`}`;
}
