/** Edit commands that were meant for a text field, done by the browser engine itself. */
import type { WebContents } from 'electron';
import { assertNever } from '#engine/contract/outcome.ts';
import type { TextEdit } from './channels.ts';

type TextField = Pick<
  WebContents,
  'undo' | 'redo' | 'cut' | 'copy' | 'paste' | 'delete' | 'selectAll'
>;

export function editTextField(field: TextField, edit: TextEdit): void {
  switch (edit) {
    case 'edit.undo':
      return field.undo();
    case 'edit.redo':
      return field.redo();
    case 'edit.cut':
      return field.cut();
    case 'edit.copy':
      return field.copy();
    case 'edit.paste':
      return field.paste();
    case 'edit.delete':
      return field.delete();
    case 'edit.select-all':
      return field.selectAll();
    default:
      return assertNever(edit);
  }
}
