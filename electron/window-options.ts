/** How the one window is made: its size, its colour before the page is there, and what its page may not do. */
import type { BrowserWindowConstructorOptions, Rectangle } from 'electron';

/** The grounds of the light and the dark look. */
export const grounds = { light: '#f6f6f4', dark: '#161615' } as const;

export const usualSize = { width: 1440, height: 900 } as const;
export const smallestSize = { width: 1024, height: 700 } as const;

export interface WindowWishes {
  /** Null at first: the middle of the screen. */
  readonly bounds: Rectangle | null;
  /** The page's ground, so that nothing flashes; a CSS colour. */
  readonly background: string;
  /** Absolute path of the preload script. */
  readonly preload: string;
  /** Absolute path of the icon; systems that take it from the package ignore it. */
  readonly icon: string;
}

export function windowOptions(wishes: WindowWishes): BrowserWindowConstructorOptions {
  return {
    ...(wishes.bounds ?? { ...usualSize, center: true }),
    minWidth: smallestSize.width,
    minHeight: smallestSize.height,
    title: 'Patchbay',
    icon: wishes.icon,
    backgroundColor: wishes.background,
    // Shown once the page has drawn itself.
    show: false,
    webPreferences: {
      preload: wishes.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  };
}

/** Saved bounds where enough of them can still be seen to take hold of the window; else null. */
export function visibleBounds(
  saved: Rectangle | null,
  workAreas: readonly Rectangle[],
): Rectangle | null {
  if (!saved) return null;
  const isReachable = workAreas.some((area) => {
    const width = overlap(saved.x, saved.width, area.x, area.width);
    const height = overlap(saved.y, saved.height, area.y, area.height);
    // The title bar is at the top: it must lie within the screen.
    return width >= 200 && height >= 100 && saved.y >= area.y - 10;
  });
  return isReachable
    ? {
        ...saved,
        width: Math.max(saved.width, smallestSize.width),
        height: Math.max(saved.height, smallestSize.height),
      }
    : null;
}

function overlap(start: number, length: number, otherStart: number, otherLength: number): number {
  return Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart);
}
