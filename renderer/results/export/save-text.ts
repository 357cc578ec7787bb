/** Saves a text as a file the way a page can: as a download. */

export function saveText(fileName: string, mediaType: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: mediaType }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  // The download has its own hold on the content once the click is done.
  setTimeout(() => URL.revokeObjectURL(address), 0);
}

/** "shapes-llava-2026-07-01-14-02-11.csv": what every system takes for a name, and sorts by time. */
export function reportFileName(graph: string, startedAt: string, extension: string): string {
  const title = graph
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  const time = startedAt.slice(0, 19).replaceAll(/[T:]/g, '-');
  return `${title || 'graph'}-${time}.${extension}`;
}
