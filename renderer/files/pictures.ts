/** Pictures for Image nodes: chosen in a dialog, or taken from a file that was dropped or pasted. */
import { fileLimits } from '#engine/contract/file-service.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ImageSource } from '#engine/contract/sources.ts';
import { choosePlace } from '#renderer/connection/chosen-places.ts';
import { ask, host } from '#renderer/connection/host-client.ts';
import { shell } from '#renderer/connection/shell.ts';
import { choosePath } from './choose-path.ts';

export type PictureFile = Extract<ImageSource, { kind: 'file' }>;

/** Null where the dialog was closed without a choice. */
export async function choosePicture(): Promise<PictureFile | null> {
  const path = await choosePath({ purpose: 'picture', title: 'Choose a picture' });
  return path === null ? null : { kind: 'file', path };
}

/**
 * A picture from a file of the browser: by its path where the window knows it, else its content is kept
 * by the host. Fails with `file-too-large`, `file-unreadable` or what the host says.
 */
export async function takePicture(file: File): Promise<Outcome<PictureFile>> {
  const path = shell?.pathOf(file) ?? '';
  if (path !== '') {
    await choosePlace(path);
    return ok({ kind: 'file', path });
  }
  if (file.size > fileLimits.pictureBytes) {
    const [size, limit] = [file.size, fileLimits.pictureBytes].map(formatBytes);
    const message = `${file.name} has ${size}, a picture may have ${limit}; save it smaller and drop it again.`;
    return fail(error('file-too-large', message));
  }
  const base64 = await base64Of(file);
  if (!base64.ok) return base64;
  const kept = await ask(
    host.files.keepPicture.mutate({ name: file.name.slice(-300), base64: base64.value }),
  );
  return kept.ok ? ok({ kind: 'file', path: kept.value.path }) : kept;
}

function base64Of(file: File): Promise<Outcome<string>> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      // "data:image/png;base64,…"; empty files have no comma.
      const [, base64 = ''] = (reader.result as string).split(',', 2);
      resolve(ok(base64));
    });
    reader.addEventListener('error', () => {
      const message = `${file.name} cannot be read (${reader.error?.message ?? 'unknown'}); drop it again, or choose it in the inspector.`;
      resolve(fail(error('file-unreadable', message)));
    });
    reader.readAsDataURL(file);
  });
}
