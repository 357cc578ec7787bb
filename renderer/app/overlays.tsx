/** What is open over everything else, and what the window as a whole listens to. */
import { CompareDialog } from '#renderer/gallery/compare-dialog.tsx';
import { assertNever } from '#engine/contract/outcome.ts';
import { ConnectDialog } from '#renderer/canvas/connecting/connect-dialog.tsx';
import { CommandPalette } from '#renderer/command-palette/command-palette.tsx';
import { LicencesDialog } from '#renderer/commands/licences-dialog.tsx';
import { ShortcutsDialog } from '#renderer/commands/shortcuts-dialog.tsx';
import { ExportDialog } from '#renderer/files/export-dialog.tsx';
import { FileDialog } from '#renderer/files/file-dialog.tsx';
import { FileDrop } from '#renderer/files/file-drop.tsx';
import { useLeaving } from '#renderer/files/leaving.ts';
import { useFilesFromOutside } from '#renderer/files/opened-from-outside.ts';
import { QuestionDialog } from '#renderer/overlay/question-dialog.tsx';
import { useWindowTitle } from '#renderer/files/window-title.ts';
import { useOverlay, type Overlay } from '#renderer/overlay/overlay.ts';

export function Overlays() {
  const overlay = useOverlay();
  useWindowTitle();
  useFilesFromOutside();
  useLeaving();
  return (
    <>
      {overlay && <Shown overlay={overlay} />}
      <FileDrop />
    </>
  );
}

function Shown({ overlay }: { readonly overlay: Overlay }) {
  switch (overlay.kind) {
    case 'command-palette':
      return <CommandPalette />;
    case 'shortcuts':
      return <ShortcutsDialog />;
    case 'licences':
      return <LicencesDialog />;
    case 'export-models':
      return <ExportDialog />;
    case 'compare-presets':
      return <CompareDialog ids={overlay.ids} />;
    case 'choose-path':
      return <FileDialog request={overlay.request} answer={overlay.answer} />;
    case 'question':
      return <QuestionDialog question={overlay.question} answer={overlay.answer} />;
    case 'connect':
      return <ConnectDialog {...overlay} />;
    default:
      return assertNever(overlay);
  }
}
