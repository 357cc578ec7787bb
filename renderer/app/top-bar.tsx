/** Open graphs, the totals of the one at the front, and what one does with it. */
import {
  Moon,
  PanelBottomClose,
  PanelBottomOpen,
  PanelLeftClose,
  PanelLeftOpen,
  PanelRightClose,
  PanelRightOpen,
  Play,
  Square,
  Sun,
  SunMoon,
} from 'lucide-react';
import { useProblems } from '#renderer/analysis/problems.ts';
import { isMac, runCommand, titleWithKeys } from '#renderer/commands/commands.ts';
import { writeKeys } from '#renderer/commands/shortcut.ts';
import { FileMenu } from '#renderer/files/file-menu.tsx';
import { Button, IconButton } from '#renderer/parts/button.tsx';
import { Hint } from '#renderer/parts/hint.tsx';
import { goingRun, useRuns } from '#renderer/runs/run-store.ts';
import { cancelRun } from '#renderer/runs/start-run.ts';
import { showResults, useView } from '#renderer/view/view-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { activate } from '#renderer/workspace/workspace-store.ts';
import { Tabs } from './tabs.tsx';
import { Totals } from './totals.tsx';
import styles from './top-bar.module.css';

export function TopBar({ open }: { readonly open: OpenDocument | null }) {
  return (
    <header className={styles['bar']}>
      <Hint text="Gallery of presets">
        <button type="button" className={styles['home']} onClick={() => activate(null)}>
          <Mark />
          Patchbay
        </button>
      </Hint>
      <FileMenu />
      <Tabs />
      <div className={styles['right']}>
        {open && <ProblemCount open={open} />}
        {open && <Totals document={open.document} />}
        {open && <PanelButtons />}
        <ThemeButton />
        {open && <RunButton open={open} />}
      </div>
    </header>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="20" height="20" aria-hidden>
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M10.5 11 C16 11 16 21 21.5 21"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="2.4"
      />
      <circle cx="10" cy="11" r="3.6" fill="var(--on-accent)" />
      <circle cx="22" cy="21" r="3.6" fill="var(--on-accent)" />
    </svg>
  );
}

function ProblemCount({ open }: { readonly open: OpenDocument }) {
  const problems = useProblems(open.document);
  if (problems.length === 0) return null;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const text = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return (
    <Button
      weight="quiet"
      className={errors > 0 ? (styles['errors'] ?? '') : (styles['warnings'] ?? '')}
      onClick={() => showResults('problems')}
    >
      {text}
    </Button>
  );
}

const panels = [
  { name: 'palette', Shown: PanelLeftClose, Folded: PanelLeftOpen },
  { name: 'results', Shown: PanelBottomClose, Folded: PanelBottomOpen },
  { name: 'inspector', Shown: PanelRightClose, Folded: PanelRightOpen },
] as const;

function PanelButtons() {
  const folded = useView((view) => view.folded);
  return (
    <div className={styles['panels']} role="group" aria-label="Panels">
      {panels.map(({ name, Shown, Folded }) => (
        <IconButton
          key={name}
          icon={folded[name] ? <Folded size={16} /> : <Shown size={16} />}
          label={titleWithKeys(`view.${name}`)}
          pressed={!folded[name]}
          onClick={() => runCommand(`view.${name}`)}
        />
      ))}
    </div>
  );
}

const themes = {
  system: { icon: <SunMoon size={16} />, label: 'Theme: as the system' },
  light: { icon: <Sun size={16} />, label: 'Theme: light' },
  dark: { icon: <Moon size={16} />, label: 'Theme: dark' },
} as const;

function ThemeButton() {
  const theme = useView((view) => view.theme);
  return <IconButton {...themes[theme]} onClick={() => runCommand('view.toggle-theme')} />;
}

function RunButton({ open }: { readonly open: OpenDocument }) {
  const going = useRuns((runs) => goingRun(runs, open.id));
  const problems = useProblems(open.document);
  if (going) {
    return (
      <Hint text={titleWithKeys('run.cancel')}>
        <Button weight="danger" onClick={() => void cancelRun(going.runId, false)}>
          <Square size={12} fill="currentColor" />
          Cancel
        </Button>
      </Hint>
    );
  }
  const blocked = problems.some(({ severity }) => severity === 'error');
  return (
    <Hint
      text={blocked ? 'The graph has problems; a run will say which.' : titleWithKeys('run.start')}
    >
      <Button weight="primary" onClick={() => runCommand('run.start')}>
        <Play size={12} fill="currentColor" />
        Run
        <kbd className={styles['keys']}>{writeKeys('Mod+Enter', isMac)}</kbd>
      </Button>
    </Hint>
  );
}
