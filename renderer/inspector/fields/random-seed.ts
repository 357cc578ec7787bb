/** A seed that a person may read aloud: up to six digits. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}
