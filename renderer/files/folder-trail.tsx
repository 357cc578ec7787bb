/** The way from the top to the folder that is shown; a long way keeps its end in sight. */
import { ChevronRight } from 'lucide-react';
import { Fragment } from 'react';
import type { FolderListing } from '#engine/contract/file-service.ts';
import { Menu, MenuItem } from '#renderer/parts/menu.tsx';
import styles from './file-dialog.module.css';

/** Steps that fit beside the filter; those before them open from a menu. */
const shownSteps = 3;

interface FolderTrailProps {
  readonly trail: FolderListing['trail'];
  readonly onGo: (path: string) => void;
}

export function FolderTrail({ trail, onGo }: FolderTrailProps) {
  const folded = trail.slice(0, Math.max(0, trail.length - shownSteps));
  const shown = trail.slice(folded.length);
  return (
    <nav className={styles['trail']} aria-label="Folder">
      {folded.length > 0 && (
        <>
          <Menu
            trigger={
              <button type="button" className={styles['step']} aria-label="Folders above">
                …
              </button>
            }
          >
            {folded.toReversed().map(({ name, path }) => (
              <MenuItem key={path} onSelect={() => onGo(path)}>
                {name}
              </MenuItem>
            ))}
          </Menu>
          <ChevronRight size={12} aria-hidden />
        </>
      )}
      {shown.map(({ name, path }, index) => (
        <Fragment key={path}>
          {index > 0 && <ChevronRight size={12} aria-hidden />}
          <button
            type="button"
            className={styles['step']}
            title={path}
            aria-current={index === shown.length - 1 ? 'location' : undefined}
            onClick={() => onGo(path)}
          >
            {name}
          </button>
        </Fragment>
      ))}
    </nav>
  );
}
