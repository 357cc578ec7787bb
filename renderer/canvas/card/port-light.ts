/** How ports look while a wire is being drawn: lit where it may end, dimmed where not. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { portKey, type PortPlace } from './port-place.ts';

interface Lights {
  /** Keys of the port that the wire starts at and of those that it may end at; null while none is drawn. */
  readonly lit: { readonly start: string; readonly fits: ReadonlySet<string> } | null;
}

const lights = createStore<Lights>(() => ({ lit: null }));

export function lightPorts(start: PortPlace, fits: readonly PortPlace[]): void {
  lights.setState({ lit: { start: portKey(start), fits: new Set(fits.map(portKey)) } });
}

export const clearPortLights = (): void => lights.setState({ lit: null });

export function usePortLight(port: PortPlace): 'lit' | 'dimmed' | 'start' | undefined {
  return useStore(lights, ({ lit }) => {
    if (!lit) return undefined;
    const key = portKey(port);
    if (key === lit.start) return 'start';
    return lit.fits.has(key) ? 'lit' : 'dimmed';
  });
}
