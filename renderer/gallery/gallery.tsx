/** Where a person begins: presets, recent files, an empty canvas. */
import { FilePlus, FolderOpen, Search } from 'lucide-react';
import { useState } from 'react';
import { newDocument } from '#renderer/files/file-actions.ts';
import { openFile } from '#renderer/files/open-graph.ts';
import { Button } from '#renderer/parts/button.tsx';
import { everyPreset, type PresetQuery } from './preset-query.ts';
import { PresetShelves } from './preset-shelves.tsx';
import { loadPresets, usePresets } from './presets.ts';
import { RecentList } from './recent-list.tsx';
import styles from './gallery.module.css';

export function Gallery() {
  const [query, setQuery] = useState(everyPreset);
  const change = (next: Partial<PresetQuery>) => setQuery((last) => ({ ...last, ...next }));
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
              placeholder="Search: LDPv2, under 2B, at most 150 tokens"
              aria-label="Search presets"
              value={query.typed}
              onChange={(event) => change({ typed: event.target.value })}
            />
          </label>
        </header>
        <div className={styles['columns']}>
          <section aria-label="Presets">
            <Presets query={query} onChange={change} />
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
  readonly query: PresetQuery;
  readonly onChange: (change: Partial<PresetQuery>) => void;
}

function Presets(props: PresetsProps) {
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
      return <PresetShelves presets={asked.presets} {...props} />;
  }
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
