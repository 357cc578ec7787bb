/** Every node of the catalogue by family, to be dragged or put onto the canvas. */
import { Search } from 'lucide-react';
import { useRef, useState, type KeyboardEvent } from 'react';
import { families } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { addNode } from '#renderer/canvas/placing/add-node.ts';
import { searchFieldId } from './palette-commands.ts';
import { PaletteRow } from './palette-row.tsx';
import { nodeGroups, searchNodes, type FoundNode } from './search-nodes.ts';
import styles from './palette.module.css';

const groups = nodeGroups(catalogue);

export function Palette() {
  const [search, setSearch] = useState('');
  // Of the rows only one is reached by Tab; arrow keys lead to the others.
  const [reached, setReached] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const isSearching = search.trim() !== '';
  const found = isSearching ? searchNodes(catalogue, search) : groups.flatMap(({ nodes }) => nodes);
  const reachable = Math.min(reached, found.length - 1);

  const focusRow = (place: number): void => {
    const rows = list.current?.querySelectorAll('button') ?? [];
    rows[Math.min(Math.max(place, 0), rows.length - 1)]?.focus();
  };
  const press = (event: KeyboardEvent): void => {
    const next = rowByKey(event.key, reachable, found.length);
    if (next === null) return;
    event.preventDefault();
    if (next < 0) document.getElementById(searchFieldId)?.focus();
    else focusRow(next);
  };
  const row = (node: FoundNode) => {
    const place = found.indexOf(node);
    return (
      <PaletteRow
        key={node.definition.type}
        found={node}
        isReachable={place === reachable}
        onReach={() => setReached(place)}
      />
    );
  };
  return (
    <div className={styles['palette']}>
      <SearchField
        search={search}
        onChange={(next) => {
          setSearch(next);
          setReached(0);
        }}
        onDown={() => focusRow(0)}
        onEnter={() => found[0] && addNode(found[0].definition.type)}
      />
      <div ref={list} className={styles['list']} onKeyDown={press}>
        {isSearching ? (
          <ul aria-label="Nodes found">{found.map(row)}</ul>
        ) : (
          groups.map(({ family, nodes }) => (
            <section key={family} aria-labelledby={`family-${family}`}>
              <h2 id={`family-${family}`} className={styles['family']}>
                {families[family].title}
              </h2>
              <ul>{nodes.map(row)}</ul>
            </section>
          ))
        )}
        {found.length === 0 && (
          <p className={styles['none']} role="status">
            No node matches “{search.trim()}”. Search for a part, such as projector, or a model,
            such as Phi-2.
          </p>
        )}
      </div>
    </div>
  );
}

/** The row that a key leads to; −1 is the search field, null where the key leads nowhere. */
function rowByKey(key: string, place: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return Math.min(place + 1, count - 1);
    case 'ArrowUp':
      return place - 1;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

interface SearchFieldProps {
  readonly search: string;
  readonly onChange: (search: string) => void;
  readonly onDown: () => void;
  readonly onEnter: () => void;
}

function SearchField({ search, onChange, onDown, onEnter }: SearchFieldProps) {
  const press = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      onDown();
    } else if (event.key === 'Enter') onEnter();
    else if (event.key === 'Escape') {
      event.stopPropagation();
      if (search === '') event.currentTarget.blur();
      onChange('');
    }
  };
  return (
    <div className={styles['search']}>
      <Search size={14} className={styles['icon']} aria-hidden />
      <input
        id={searchFieldId}
        type="search"
        className={styles['field']}
        aria-label="Search nodes"
        aria-keyshortcuts="/"
        placeholder="Search nodes"
        value={search}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
        onKeyDown={press}
      />
      {search === '' && (
        <kbd className={styles['key']} aria-hidden>
          /
        </kbd>
      )}
    </div>
  );
}
