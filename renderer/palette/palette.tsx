/** Every node of the catalogue by family, to be dragged or put onto the canvas. */
import { Search } from 'lucide-react';
import { useRef, useState, type KeyboardEvent } from 'react';
import { catalogue } from '#nodes/index.ts';
import { addNode } from '#renderer/canvas/placing/add-node.ts';
import { usePresets } from '#renderer/gallery/presets.ts';
import { foldFamilies, useView } from '#renderer/view/view-store.ts';
import { FamilyHeading } from './family-heading.tsx';
import { searchFieldId } from './palette-commands.ts';
import { PaletteRow } from './palette-row.tsx';
import { nodeGroups, searchNodes, type FoundNode, type NodeGroup } from './search-nodes.ts';
import styles from './palette.module.css';

const groups = nodeGroups(catalogue);
const familiesHere = groups.map(({ family }) => family);

export function Palette() {
  const [search, setSearch] = useState('');
  const [reached, setReached] = useState(0);
  const folded = useView(({ foldedFamilies }) => foldedFamilies);
  const presets = usePresets();
  const list = useRef<HTMLDivElement>(null);
  const isSearching = search.trim() !== '';
  const compositions = presets.state === 'there' ? presets.presets : [];
  const found = isSearching ? searchNodes(catalogue, search, compositions) : [];
  const listed: readonly Listed[] = isSearching
    ? found
    : groups.flatMap((group) => shownOf(group, folded));
  const reachable = Math.min(reached, listed.length - 1);

  const focusPlace = (place: number): void => {
    const buttons = list.current?.querySelectorAll('button') ?? [];
    buttons[Math.min(Math.max(place, 0), buttons.length - 1)]?.focus();
  };
  const press = (event: KeyboardEvent): void => {
    const next = placeByKey(event.key, reachable, listed.length);
    if (next === null) return;
    event.preventDefault();
    if (next < 0) document.getElementById(searchFieldId)?.focus();
    else focusPlace(next);
  };
  const reach = (item: Listed) => {
    const place = listed.indexOf(item);
    return { isReachable: place === reachable, onReach: () => setReached(place) };
  };
  const row = (node: FoundNode) => (
    <PaletteRow key={node.definition.type} found={node} {...reach(node)} />
  );
  return (
    <div className={styles['palette']}>
      <SearchField
        search={search}
        onChange={(next) => {
          setSearch(next);
          setReached(0);
        }}
        onDown={() => focusPlace(0)}
        onEnter={() => found[0] && addNode(found[0].definition.type)}
      />
      <div ref={list} className={styles['list']} onKeyDown={press}>
        {isSearching ? (
          <ul aria-label="Nodes found">{found.map(row)}</ul>
        ) : (
          groups.map((group) => (
            <section key={group.family} aria-labelledby={`family-${group.family}`}>
              <FamilyHeading
                family={group.family}
                count={group.nodes.length}
                isFolded={folded.includes(group.family)}
                onFold={(isFolded, every) =>
                  foldFamilies(every ? familiesHere : [group.family], isFolded)
                }
                {...reach(group)}
              />
              {!folded.includes(group.family) && <ul>{group.nodes.map(row)}</ul>}
            </section>
          ))
        )}
        {isSearching && found.length === 0 && (
          <p className={styles['none']} role="status">
            No node matches “{search.trim()}”. Search for a part, such as projector, a model, such
            as Phi-2, or a paper, such as 2403.15388.
          </p>
        )}
      </div>
    </div>
  );
}

/** What a place of the list is: the heading of a family, or a node. */
type Listed = NodeGroup | FoundNode;

function shownOf(group: NodeGroup, folded: readonly string[]): readonly Listed[] {
  return folded.includes(group.family) ? [group] : [group, ...group.nodes];
}

/** The place that a key leads to; −1 is the search field, null where the key leads nowhere. */
function placeByKey(key: string, place: number, count: number): number | null {
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
