/** How the desktop app is packed: `npm run package`, on each system for itself. */
import type { Configuration } from 'electron-builder';

const icon = 'electron/icons/icon.png';
const entitlements = 'electron/packaging/entitlements.mac.plist';
/** There is no such place yet, and `.invalid` says so; a deb cannot do without one. */
const homepage = 'https://patchbay.invalid';

/** Packages that the programs load, in whole or in part. */
const packages = [
  '@img',
  '@tesseract.js-data',
  'bmp-js',
  'detect-libc',
  'is-url',
  'onnxruntime-*',
  'regenerator-runtime',
  'semver',
  'sharp',
  'tesseract.js',
  'tesseract.js-core',
  'wasm-feature-detect',
];

export default {
  appId: 'app.patchbay.Patchbay',
  productName: 'Patchbay',
  artifactName: 'Patchbay-${version}-${os}-${arch}.${ext}',
  directories: { output: 'dist/packages', buildResources: 'electron/packaging' },
  extraMetadata: { homepage },
  // Native packages bring their own binaries for every platform.
  npmRebuild: false,
  electronLanguages: ['en-US'],
  files: [
    'package.json',
    'dist/electron/*.{js,cjs,png}',
    '!dist/electron/{start,fetch-report}.js',
    'dist/host/*.js',
    'dist/presets.json',
    '!dist/host/{bench-*,patchbay,publish,verify-process}.js',
    'dist/renderer/**',
    '!dist/**/build-stamp',
    'presets/**',
    '!presets/shapes-eval/**',
    '!presets/**/*.test.ts',
    '!**/*.map',
    // What only install scripts and browsers need, and ONNX Runtime's binaries for other systems.
    `!**/node_modules/!(${packages.join('|')})/**`,
    '!**/node_modules/onnxruntime-node/bin/napi-v6/!(${platform})/**',
    '!**/node_modules/onnxruntime-node/bin/napi-v6/*/!(${arch})/**',
    // Tesseract's older models, and what browsers load.
    '!**/node_modules/@tesseract.js-data/*/4.0.0/**',
    '!**/node_modules/tesseract.js-core/*.wasm.js',
    '!**/node_modules/tesseract.js/{dist,docs,examples,scripts}/**',
  ],
  // Whose work is in it; Electron's own licences are put beside it by the packer.
  extraFiles: [{ from: 'dist/renderer/third-party-notices.txt', to: 'THIRD-PARTY-NOTICES.txt' }],
  // All that is a program or a page is read from the archive, whose blocks are checked as they are read. What the
  // system itself loads must be a file: native modules and their libraries, and nothing else.
  asar: { smartUnpack: false },
  asarUnpack: ['node_modules/**/*.{node,dll,dylib,so,so.*}'],
  fileAssociations: [
    {
      ext: 'patchbay.json',
      name: 'Patchbay graph',
      description: 'Patchbay graph',
      mimeType: 'application/vnd.patchbay.graph+json',
      role: 'Editor',
    },
  ],
  electronFuses: {
    // Server and engine are utility processes, so that nobody needs the app's binary as Node.js.
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
    // Flipping fuses breaks the seal that Electron's binary for Apple silicon comes with.
    resetAdHocDarwinSignature: true,
  },
  // Packages are signed where the environment names certificates (electron/README.md); a release is, or is none.
  forceCodeSigning: process.env['PATCHBAY_RELEASE'] === '1',
  linux: {
    target: ['AppImage', 'deb'],
    category: 'Science',
    icon,
    maintainer: 'The Patchbay authors <authors@patchbay.invalid>',
  },
  mac: {
    target: 'dmg',
    category: 'public.app-category.developer-tools',
    icon,
    hardenedRuntime: true,
    gatekeeperAssess: false,
    entitlements,
    entitlementsInherit: entitlements,
  },
  win: { target: 'nsis', icon, signtoolOptions: { signingHashAlgorithms: ['sha256'] } },
  nsis: { oneClick: false, perMachine: false },
} satisfies Configuration;
