/** What the app writes to standard output once its window can be seen; whoever started it waits for this. */
export const shownLine = 'patchbay: the window is open';
