/** Where a person begins: presets, recent files, an empty canvas. */
import { FilePlus, FolderOpen, Search } from 'lucide-react';
import { useState } from 'react';
import type { PresetSummary } from '#engine/contract/preset-summary.ts';
import { newDocument } from '#renderer/files/file-actions.ts';
import { openFile } from '#renderer/files/open-graph.ts';
import { Button } from '#renderer/parts/button.tsx';
import { PresetCard } from './preset-card.tsx';
import { loadPresets, usePresets } from './presets.ts';
import { RecentList } from './recent-list.tsx';
import styles from './gallery.module.css';

export function Gallery() {
  const [typed, setTyped] = useState('');
  return (
    <div className={styles['gallery']}>
      <div className={styles['page']}>
        <header className={styles['head']}>
          <div>
            <h1 className={styles['heading']}>Begin with a graph that runs</h1>
            <p className={styles['sentence']}>
              Open a copy of a preset, change what you like, and see what every part of it costs on
              this machine.
            </p>
          </div>
          <label className={styles['search']}>
            <Search size={15} aria-hidden />
            <input
              type="search"
              placeholder="Search presets"
              aria-label="Search presets"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        </header>
        <div className={styles['columns']}>
          <section aria-label="Presets">
            <Presets typed={typed} onShowAll={() => setTyped('')} />
          </section>
          <aside className={styles['side']}>
            <div className={styles['begin']}>
              <Button onClick={newDocument}>
                <FilePlus size={15} aria-hidden />
                Start empty
              </Button>
              <Button onClick={() => void openFile()}>
                <FolderOpen size={15} aria-hidden />
                Open a file…
              </Button>
            </div>
            <RecentList />
            <p className={styles['none']}>
              You can also drop a graph or a picture anywhere on this window.
            </p>
          </aside>
        </div>
      </div>
    </div>
  );
}

interface PresetsProps {
  readonly typed: string;
  readonly onShowAll: () => void;
}

function Presets({ typed, onShowAll }: PresetsProps) {
  const asked = usePresets();
  switch (asked.state) {
    case 'loading':
      return <Loading />;
    case 'failed':
      return (
        <div className={styles['failed']} role="alert">
          <p>{asked.message}</p>
          <Button onClick={() => void loadPresets()}>Try again</Button>
        </div>
      );
    case 'there':
      return (
        <Cards
          presets={asked.presets.filter((preset) => speaksOf(preset, typed)).toSorted(trainedFirst)}
          {...{ typed, onShowAll }}
        />
      );
  }
}

function Cards({
  presets,
  typed,
  onShowAll,
}: PresetsProps & { readonly presets: readonly PresetSummary[] }) {
  if (presets.length === 0)
    return (
      <div className={styles['noneFound']}>
        <p>{`No preset speaks of “${typed.trim()}”.`}</p>
        <Button onClick={onShowAll}>Show all presets</Button>
      </div>
    );
  return (
    <ul className={styles['grid']}>
      {presets.map((preset) => (
        <li key={preset.id}>
          <PresetCard preset={preset} />
        </li>
      ))}
    </ul>
  );
}

function Loading() {
  return (
    <div className={styles['grid']} role="status" aria-label="Loading presets">
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} className={styles['skeleton']}>
          <div className={styles['picture']} />
          <div className={styles['bars']}>
            <span />
            <span />
            <span />
          </div>
        </div>
      ))}
    </div>
  );
}

/** Those whose words mean something. */
function trainedFirst(a: PresetSummary, b: PresetSummary): number {
  return Number(a.random) - Number(b.random);
}

/** Every word that is typed, in the title or in what is said about it. */
function speaksOf({ title, about }: PresetSummary, typed: string): boolean {
  const text = `${title} ${about}`.toLowerCase();
  const words = typed.toLowerCase().split(/\s+/);
  return words.every((word) => text.includes(word));
}
