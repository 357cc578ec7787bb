/** How many operators the graphs of one plan may have together, counted before each is made. */

/**
 * Leaves the body of a node, wherever it is in its layers, when the budget is spent. It is caught where the plan is
 * made, which refuses the graph in a sentence; nobody else sees it.
 */
export class BudgetSpent extends Error {}

export class OperatorBudget {
  #left: number;

  constructor(operators: number) {
    this.#left = operators;
  }

  /** Counts one operator. */
  spend(): void {
    if (this.#left === 0) throw new BudgetSpent('There are more operators than the plan may have.');
    this.#left -= 1;
  }
}
