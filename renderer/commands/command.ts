/** One intent of a person: menus, buttons, shortcuts and the command palette all read this. */

export interface Command {
  /** `group.name`, as the window's menu sends it too. */
  readonly id: string;
  readonly title: string;
  readonly group: 'File' | 'Edit' | 'View' | 'Run' | 'Help';
  /** `Mod+Shift+Z`: Mod is Command on a Mac, Control elsewhere. The first is shown. */
  readonly keys?: readonly string[];
  /** Also while a text field has the focus. */
  readonly inTextFields?: boolean;
  readonly isEnabled?: () => boolean;
  readonly run: () => void;
}
