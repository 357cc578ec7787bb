/** Names of a graph's values and operators: none stands for two. */
export class GraphNames {
  readonly #used = new Set<string>();

  /** Inputs and outputs keep their names, because a run asks for them by name. */
  claim(name: string): void {
    if (this.#used.has(name)) throw new Error(`The graph has two values named "${name}".`);
    this.#used.add(name);
  }

  unique(name: string): string {
    let unique = name;
    for (let count = 2; this.#used.has(unique); count++) unique = `${name}.${count}`;
    this.#used.add(unique);
    return unique;
  }
}
