/** Of all that stands in the palette's list only one thing is reached by Tab; arrow keys lead to the others. */
export interface Reached {
  readonly isReachable: boolean;
  readonly onReach: () => void;
}
