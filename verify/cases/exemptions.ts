/** Recorded values that no case is held to, each with its reason; everything else has to be compared. */
export interface Exemption {
  /** `family/name`; `*` stands for any text. */
  readonly cases: string;
  /** The recorded value, as a result names it. */
  readonly name: string;
  readonly reason: string;
}

/** Shown with every result that they touch. */
export const exemptions: readonly Exemption[] = [];

export interface Exempt {
  readonly name: string;
  readonly reason: string;
}

/** The recorded values of one case that are exempt. */
export function exemptOf(
  all: readonly Exemption[],
  caseName: string,
  recorded: readonly string[],
): readonly Exempt[] {
  return all
    .filter(({ cases, name }) => fits(cases, caseName) && recorded.includes(name))
    .map(({ name, reason }) => ({ name, reason }));
}

function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[^\w/-]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
