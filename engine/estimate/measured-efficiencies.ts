/** Written by `npm run bench:estimate -- --write`: what operators reached, in the terms of operator-efficiencies.ts. */
export const measured = {
  roofs: {},
  starts: {},
};
