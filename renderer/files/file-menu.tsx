/** The menu of files in the bar. */
import { ChevronDown } from 'lucide-react';
import { commandById, isEnabled, isMac } from '#renderer/commands/commands.ts';
import { writeKeys } from '#renderer/commands/shortcut.ts';
import { shell } from '#renderer/connection/shell.ts';
import { Button } from '#renderer/parts/button.tsx';
import { LongName } from '#renderer/parts/long-name.tsx';
import { Menu, MenuItem, MenuLine, Submenu } from '#renderer/parts/menu.tsx';
import { useActiveDocument } from '#renderer/workspace/workspace-store.ts';
import { openPath } from './open-graph.ts';
import { useRecentFiles } from './recent-files.ts';
import { titleOfFile } from './file-names.ts';
import { isNamedAs } from './title-for-file.ts';

export function FileMenu() {
  // What is enabled follows the graph at the front.
  useActiveDocument();
  return (
    <Menu
      trigger={
        <Button weight="quiet">
          File
          <ChevronDown size={14} aria-hidden />
        </Button>
      }
    >
      <CommandItem id="file.new" />
      {!shell && <CommandItem id="file.new-window" />}
      <CommandItem id="file.open" />
      <RecentItems />
      <MenuLine />
      <CommandItem id="file.save" />
      <CommandItem id="file.save-as" />
      <MenuLine />
      <CommandItem id="file.import" />
      <CommandItem id="file.export" />
      <CommandItem id="file.export-onnx" />
      <MenuLine />
      <CommandItem id="file.close" />
      <MenuLine />
      <CommandItem id="view.command-palette" />
      <CommandItem id="help.shortcuts" />
      <CommandItem id="help.licences" />
    </Menu>
  );
}

function CommandItem({ id }: { readonly id: string }) {
  const command = commandById(id);
  const keys = command.keys?.[0];
  return (
    <MenuItem
      keys={keys === undefined ? undefined : writeKeys(keys, isMac)}
      disabled={!isEnabled(command)}
      onSelect={command.run}
    >
      {command.title}
    </MenuItem>
  );
}

/** A menu is read from top to bottom in a moment; the gallery shows more. */
const listedFiles = 10;

function RecentItems() {
  const files = useRecentFiles();
  return (
    <Submenu label="Open recent" disabled={files.length === 0}>
      {files.slice(0, listedFiles).map(({ path, title }) => (
        <MenuItem
          key={path}
          note={isNamedAs(title, path) ? null : titleOfFile(path)}
          onSelect={() => void openPath(path)}
        >
          <LongName name={title} />
        </MenuItem>
      ))}
    </Submenu>
  );
}
