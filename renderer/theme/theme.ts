/** Light or dark: what the person chose, or else what the system says. */
import { useEffect } from 'react';
import { useView } from '#renderer/view/view-store.ts';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** The window paints this before the page is there: `--ground` of tokens.css. */
const grounds = { light: '#f6f6f4', dark: '#161615' } as const;

export function useTheme(): void {
  const theme = useView((view) => view.theme);
  useEffect(() => {
    const show = (): void => {
      const shown = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
      document.documentElement.dataset['theme'] = shown;
      document.querySelector('meta[name="theme-color"]')?.setAttribute('content', grounds[shown]);
    };
    show();
    dark.addEventListener('change', show);
    return () => dark.removeEventListener('change', show);
  }, [theme]);
}
