/** The places at the left of the file dialog. */
import { Download, FileText, Folder, HardDrive, House, Image, Monitor } from 'lucide-react';
import type { FolderListing } from '#engine/contract/file-service.ts';
import { LongName } from '#renderer/parts/long-name.tsx';
import styles from './file-dialog.module.css';

const icons: Readonly<Record<string, typeof Folder>> = {
  Home: House,
  Documents: FileText,
  Downloads: Download,
  Desktop: Monitor,
  Pictures: Image,
  Computer: HardDrive,
};

interface FolderPlacesProps {
  readonly places: FolderListing['places'];
  /** The folder that is shown. */
  readonly path: string | undefined;
  readonly onGo: (path: string) => void;
}

export function FolderPlaces({ places, path, onGo }: FolderPlacesProps) {
  return (
    <nav className={styles['places']} aria-label="Places">
      {places.map((place) => {
        const Icon = icons[place.name] ?? (/^[A-Z]:$/.test(place.name) ? HardDrive : Folder);
        return (
          <button
            key={place.path}
            type="button"
            className={styles['place']}
            aria-current={place.path === path ? 'true' : undefined}
            onClick={() => onGo(place.path)}
          >
            <Icon size={15} aria-hidden />
            <LongName name={place.name} />
          </button>
        );
      })}
    </nav>
  );
}
