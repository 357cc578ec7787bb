/** Whose work is bundled into Patchbay or installed with it, and under which licence, as the packages themselves say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const noticesName = 'third-party-notices.txt';

/** What packages leave out: written from their sources, or the licence that they name. */
const added = [
  { name: /^@tesseract\.js-data\//, files: ['tesseract-data.txt', 'Apache-2.0.txt'] },
  { name: /^onnxruntime-/, files: ['onnxruntime.txt'] },
  { name: /^@img\/sharp-libvips-/, files: ['LGPL-3.0.txt', 'GPL-3.0.txt'] },
  { name: /^tesseract\.js-core$/, files: ['tesseract-core.txt'] },
  { name: /^tr46$/, files: ['tr46.txt'] },
];

/** The folders of the packages that modules come from, once each. */
export function packagesOf(moduleIds) {
  const folders = moduleIds.flatMap((id) => {
    // What is virtual begins with a null character.
    const path = id.replace('\0', '').replaceAll('\\', '/');
    return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? [];
  });
  return [...new Set(folders)].map((folder) => thirdParty(folder));
}

/** What is installed beside the bundles, by the lock file: here, or on other systems in the place of what is here. */
export function installedPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const installed = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
  return installed.map(([path, { version, license }]) =>
    existsSync(join(root, path))
      ? thirdParty(join(root, path))
      : { name: nameIn(path), version, license, source: null, text: null },
  );
}

const nameIn = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

function thirdParty(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license, homepage, repository } = manifest;
  const source = homepage ?? repository?.url ?? repository ?? null;
  return { name, version, license, source, text: licenceText(folder, name) };
}

/** A package whose licence cannot be shown must not be shipped, so that the build ends there. */
function licenceText(folder, name) {
  const own = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const { files } = added.find((each) => each.name.test(name)) ?? { files: [] };
  if (own.length + files.length === 0)
    throw new Error(`${name} carries no licence file; host/bin/third-party.mjs says what to add.`);
  const texts = own.map((file) => readFileSync(join(folder, file), 'utf8'));
  if (own.length === 0)
    texts.push(/\n## Licen[sc]ing\n([\s\S]*)/.exec(readmeOf(folder))?.[1] ?? '');
  texts.push(...files.map((file) => readFileSync(join(here, 'licences', file), 'utf8')));
  return texts
    .map((text) => text.replaceAll('\r', '').trim())
    .filter(Boolean)
    .join('\n\n');
}

function readmeOf(folder) {
  const file = join(folder, 'README.md');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The whole notice: packages in the order of their names, those with one text together. */
export function noticesOf(packages) {
  const byName = new Map(packages.map((each) => [`${each.name} ${each.version}`, each]));
  const all = [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const shown = all.filter(({ text }) => text !== null);
  const elsewhere = all.filter(({ text }) => text === null);
  const texts = [...new Set(shown.map(({ text }) => text))];
  return (
    [
      'Patchbay contains the work of others, or is installed with it, under these licences.',
      ...texts.map((text) => {
        const titles = shown.filter((each) => each.text === text).map(titleOf);
        return `${line}\n${titles.join('\n')}\n\n${text}`;
      }),
      `${line}\nIn the place of some of these, other systems have, under the same licences:\n\n${elsewhere
        .map(({ name, version, license }) => `${name} ${version} (${license})`)
        .join('\n')}`,
    ].join('\n\n') + '\n'
  );
}

const line = '-'.repeat(80);
const titleOf = ({ name, version, license, source }) =>
  `${name} ${version} (${license})${source === null ? '' : `\n  ${plainAddress(source)}`}`;
const plainAddress = (source) => source.replace(/^git\+/, '').replace(/\.git$/, '');

/** For Vite: writes the notice beside the page, with what `others` give besides the page's own packages. */
export function thirdPartyNotices(others) {
  const inPage = new Set();
  const collect = {
    name: 'collect-third-parties',
    generateBundle() {
      for (const id of this.getModuleIds()) inPage.add(id);
    },
  };
  const write = {
    name: noticesName,
    generateBundle() {
      const source = noticesOf([...packagesOf([...inPage]), ...others()]);
      this.emitFile({ type: 'asset', fileName: noticesName, source });
    },
  };
  // A worker is a bundle of its own, made before the page's is written.
  return { inPage: [collect, write], inWorkers: () => [collect] };
}
