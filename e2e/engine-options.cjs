/** Loaded into Electron's main process, whose own options Playwright drops: hands those for the engine on. */
process.env.NODE_OPTIONS = process.env.ENGINE_NODE_OPTIONS;
