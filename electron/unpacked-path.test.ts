/** The server's program is started from the plain files beside the archive. */
import { expect, test } from 'vitest';
import { unpackedPath } from './unpacked-path.ts';

test('A packed path leads beside the archive, any other stays', () => {
  expect(unpackedPath('/opt/Patchbay/resources/app.asar/dist/a.js', '/')).toBe(
    '/opt/Patchbay/resources/app.asar.unpacked/dist/a.js',
  );
  expect(unpackedPath('C:\\Patchbay\\resources\\app.asar\\dist\\a.js', '\\')).toBe(
    'C:\\Patchbay\\resources\\app.asar.unpacked\\dist\\a.js',
  );
  expect(unpackedPath('/home/a/patchbay/dist/a.js', '/')).toBe('/home/a/patchbay/dist/a.js');
});
