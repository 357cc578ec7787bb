/**
 * Where the system's browser may be sent from the window. To any address, a page that has been talked into it
 * could hand over whatever it knows, or start a program that listens to a kind of address.
 */

/** The hosts of the papers and pages that nodes and presets name, and the one that the canvas names itself. */
export const outsideHosts: readonly string[] = [
  'arxiv.org',
  'github.com',
  'llava-vl.github.io',
  'mistral.ai',
  'reactflow.dev',
];

export function mayOpenOutside(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, host, username, password } = new URL(address);
  const isPlain = protocol === 'https:' && username === '' && password === '';
  // The port is part of `host` where it is not the usual one.
  return isPlain && outsideHosts.includes(host);
}
