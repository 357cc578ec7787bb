/** The page's own dialog for files and folders, where no window lends the system's. */
import { useState, type KeyboardEvent } from 'react';
import type { FolderEntry, FolderListing } from '#engine/contract/file-service.ts';
import { Button } from '#renderer/parts/button.tsx';
import { Dialog } from '#renderer/parts/dialog.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import type { ChosenPath, PathRequest } from '#renderer/overlay/path-request.ts';
import { baseName, isAbsolutePath, joinPath, nameProblem, withExtension } from './file-names.ts';
import {
  enterMeans,
  entryNamed,
  isFolder,
  shownEntries,
  typedPathMeans,
} from './folder-entries.ts';
import { FolderList } from './folder-list.tsx';
import { FolderPlaces } from './folder-places.tsx';
import { FolderTrail } from './folder-trail.tsx';
import { useFolder } from './use-folder.ts';
import styles from './file-dialog.module.css';

interface FileDialogProps {
  readonly request: PathRequest;
  readonly answer: (chosen: ChosenPath | null) => void;
}

export function FileDialog({ request, answer }: FileDialogProps) {
  const { purpose } = request;
  const { listing, problem, isSlow, go } = useFolder();
  const [typed, setTyped] = useState('');
  const [name, setName] = useState(request.suggestedName ?? '');
  const [active, setActive] = useState<string | null>(null);
  const [doomed, setDoomed] = useState<FolderEntry | null>(null);
  const shown = shownEntries(listing?.entries ?? [], purpose, typed);
  const current = shown.entries.find(({ path }) => path === active) ?? null;

  const begin = (): void => {
    setTyped('');
    setActive(null);
    setDoomed(null);
  };
  const goTo = (path: string | null): void => {
    begin();
    void go(path);
  };
  /** A path that leads nowhere stays in its field, to be mended. */
  const goToTyped = async (path: string): Promise<void> => {
    if (await go(path)) begin();
  };
  const activate = (entry: FolderEntry): void => {
    setActive(entry.path);
    setDoomed(null);
    if (purpose === 'save-graph' && !isFolder(entry)) setName(entry.name);
  };
  const saveHere = (given: string): void => {
    if (!listing || nameProblem(given) !== null) return;
    const whole = withExtension(given);
    const there = entryNamed(listing.entries, whole);
    if (there && doomed?.path !== there.path) setDoomed(there);
    else
      answer({ path: there?.path ?? joinPath(listing.path, whole), replaces: there !== undefined });
  };
  const enter = (entry: FolderEntry): void => {
    if (enterMeans(entry, purpose) === 'go') goTo(entry.path);
    else if (purpose === 'save-graph') saveHere(entry.name);
    else answer({ path: entry.path, replaces: false });
  };
  const press = (event: KeyboardEvent): void => {
    const places = shown.entries;
    const at = current ? places.indexOf(current) : -1;
    const target = moves[event.key]?.(at, places.length - 1);
    if (target !== undefined) {
      const entry = places[Math.max(0, target)];
      if (entry) activate(entry);
    } else if (event.key === 'Enter' && isAbsolutePath(typed.trim())) {
      const path = typed.trim();
      if (typedPathMeans(path, purpose) === 'go') void goToTyped(path);
      else answer({ path, replaces: false });
    } else if (event.key === 'Enter') {
      const entry = current ?? (typed.trim() === '' ? undefined : places[0]);
      if (entry) enter(entry);
    } else if (event.key === 'Backspace' && typed === '' && listing?.parent != null) {
      goTo(listing.parent);
    } else return;
    event.preventDefault();
  };

  return (
    <Dialog
      title={request.title}
      onClose={() => answer(null)}
      width={760}
      foot={
        <Foot
          {...{ request, listing, current, name, doomed }}
          onName={(next) => {
            setName(next);
            setDoomed(null);
          }}
          onCancel={() => answer(null)}
          onSave={() => saveHere(name)}
          onChoose={(path) => answer({ path, replaces: false })}
          onEnter={enter}
        />
      }
    >
      <div className={styles['panes']}>
        <FolderPlaces places={listing?.places ?? []} path={listing?.path} onGo={goTo} />
        <div className={styles['folder']}>
          <div className={styles['head']}>
            <FolderTrail trail={listing?.trail ?? []} onGo={goTo} />
            <input
              className={styles['filter']}
              type="search"
              placeholder="Name or whole path"
              aria-label="Filter by name, or go to a path"
              autoFocus={purpose !== 'save-graph'}
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value);
                setActive(null);
              }}
              onKeyDown={press}
            />
          </div>
          <FolderList
            {...shown}
            {...{ problem, isSlow, purpose, typed }}
            isShortened={listing?.shortened ?? false}
            active={current?.path ?? null}
            onActivate={activate}
            onEnter={enter}
            onKey={(event) => {
              if (isLetter(event)) setTyped(typed + event.key);
              else press(event);
            }}
          />
        </div>
      </div>
    </Dialog>
  );
}

/** From the present row to the next, -1 where none is; rows that do not exist are not reached. */
const moves: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowDown: (at, last) => Math.min(last, at + 1),
  ArrowUp: (at) => at - 1,
  PageDown: (at, last) => Math.min(last, at + 10),
  PageUp: (at) => at - 10,
};

const isLetter = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  key.length === 1 && key !== ' ' && !ctrlKey && !metaKey && !altKey;

interface FootProps {
  readonly request: PathRequest;
  readonly listing: FolderListing | null;
  readonly current: FolderEntry | null;
  readonly name: string;
  /** The file that saving would replace, once that was said. */
  readonly doomed: FolderEntry | null;
  readonly onName: (name: string) => void;
  readonly onCancel: () => void;
  readonly onSave: () => void;
  readonly onChoose: (path: string) => void;
  readonly onEnter: (entry: FolderEntry) => void;
}

function Foot(props: FootProps) {
  const { request, listing, current, onCancel, onChoose, onEnter } = props;
  if (request.purpose === 'save-graph') return <SaveFoot {...props} />;
  const folder = current && isFolder(current) ? current.path : (listing?.path ?? null);
  return (
    <>
      <Button onClick={onCancel}>Cancel</Button>
      {request.purpose === 'folder' ? (
        <Button
          weight="primary"
          disabled={folder === null}
          onClick={() => folder !== null && onChoose(folder)}
        >
          Choose {folder !== null && <LongName name={baseName(folder)} />}
        </Button>
      ) : (
        <Button
          weight="primary"
          disabled={current === null}
          onClick={() => current && onEnter(current)}
        >
          Open
        </Button>
      )}
    </>
  );
}

function SaveFoot({ listing, name, doomed, onName, onCancel, onSave }: FootProps) {
  const problem = nameProblem(name);
  const said = doomed
    ? `${doomed.name} is there already; what is in it would be replaced.`
    : problem;
  return (
    <form
      className={styles['save']}
      onSubmit={(event) => {
        event.preventDefault();
        onSave();
      }}
    >
      <label className={styles['name']}>
        Name
        <input
          autoFocus
          value={name}
          aria-describedby="save-note"
          aria-invalid={problem !== null}
          onChange={(event) => onName(event.target.value)}
          onFocus={({ target }) =>
            target.setSelectionRange(0, target.value.replace(/\.patchbay\.json$/i, '').length)
          }
        />
      </label>
      <p id="save-note" role="status" className={styles['note']} data-warn={doomed !== null}>
        {said ?? (listing && `In ${listing.path}`)}
      </p>
      <Button onClick={onCancel}>Cancel</Button>
      <Button
        type="submit"
        weight={doomed ? 'danger' : 'primary'}
        disabled={problem !== null || !listing}
      >
        {doomed ? 'Replace' : 'Save'}
      </Button>
    </form>
  );
}
