/** Every command in one place, found by typing. */
import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { Fragment, useMemo, useRef } from 'react';
import { usePresets } from '#renderer/gallery/presets.ts';
import { useFocusBefore } from '#renderer/parts/focus-before.ts';
import frame from '#renderer/parts/dialog.module.css';
import { Glyph } from '#renderer/parts/glyph.tsx';
import { useInSight, useTypedList } from '#renderer/parts/typed-list.ts';
import { closeOverlay } from '#renderer/overlay/overlay.ts';
import { paletteItems, type PaletteItem } from './palette-items.ts';
import { noteCommand, recentCommands } from './recent-commands.ts';
import { searchCommands, type Found } from './search-commands.ts';
import styles from './command-palette.module.css';

export function CommandPalette() {
  const input = useRef<HTMLInputElement>(null);
  const focusBefore = useFocusBefore();
  const presets = usePresets();
  const items = useMemo(
    () => paletteItems(presets.state === 'there' ? presets.presets : []),
    [presets],
  );
  const { typed, at, type, moveTo, press } = useTypedList();
  const recent = recentCommands();
  const found = useMemo(() => searchCommands(items, typed, recent), [items, typed, recent]);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closeOverlay()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={frame['scrim']} />
        <Dialog.Popup
          className={`${frame['dialog']} ${styles['palette']}`}
          initialFocus={input}
          finalFocus={focusBefore}
        >
          <Dialog.Title className="visually-hidden">Command palette</Dialog.Title>
          <div className={styles['search']}>
            <Search size={16} aria-hidden />
            <input
              ref={input}
              role="combobox"
              aria-label="Search commands"
              aria-expanded
              aria-controls="command-list"
              aria-activedescendant={found.length > 0 ? optionId(at) : undefined}
              aria-autocomplete="list"
              placeholder="What do you want to do?"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={({ target }) => type(target.value)}
              onKeyDown={(event) => press(event, found.length) && choose(found[at]?.item)}
            />
          </div>
          <Options
            found={found}
            at={at}
            recent={typed.trim() === '' ? recent : null}
            onHover={moveTo}
          />
          {found.length === 0 && (
            <p className={styles['none']}>{`No command is called “${typed.trim()}”.`}</p>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const optionId = (at: number): string => `command-${at}`;

function choose(item: PaletteItem | undefined): void {
  if (!item?.isEnabled) return;
  noteCommand(item.id);
  // First, for the command may open something itself.
  closeOverlay();
  item.run();
}

interface OptionsProps {
  readonly found: readonly Found<PaletteItem>[];
  readonly at: number;
  /** Null while something is typed: the best come first then, and groups would tear them apart. */
  readonly recent: readonly string[] | null;
  readonly onHover: (at: number) => void;
}

function Options({ found, at, recent, onHover }: OptionsProps) {
  const list = useInSight(optionId(at));
  const headOf = (place: number): string | null => {
    const item = found[place]?.item;
    if (!recent || !item) return null;
    return recent.includes(item.id) ? 'Used last' : item.group;
  };
  return (
    <div
      ref={list}
      id="command-list"
      className={styles['list']}
      role="listbox"
      aria-label="Commands"
      tabIndex={-1}
    >
      {found.map(({ item, marks }, place) => (
        <Fragment key={item.id}>
          {headOf(place) !== headOf(place - 1) && (
            <div className={styles['group']} role="presentation">
              {headOf(place)}
            </div>
          )}
          <div
            id={optionId(place)}
            role="option"
            aria-selected={place === at}
            aria-disabled={!item.isEnabled}
            className={styles['option']}
            // Not on enter: the list scrolls under a pointer that rests while the arrows are used.
            onPointerMove={() => place !== at && onHover(place)}
            onClick={() => choose(item)}
          >
            {item.family && <Glyph family={item.family} />}
            <span className={styles['title']}>
              <Marked text={item.title} marks={marks} />
            </span>
            {!recent && <span className={styles['of']}>{item.group}</span>}
            {item.keys !== null && <kbd className={styles['keys']}>{item.keys}</kbd>}
          </div>
        </Fragment>
      ))}
    </div>
  );
}

function Marked({ text, marks }: { readonly text: string; readonly marks: readonly number[] }) {
  if (marks.length === 0) return text;
  const marked = new Set(marks);
  return text
    .split('')
    .map((sign, place) =>
      marked.has(place) ? <mark key={place}>{sign}</mark> : <Fragment key={place}>{sign}</Fragment>,
    );
}
