/** Property tests draw the same values in every run: `npm test` judges a change, `npm run fuzz` looks for what is new. */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['SEED'] ?? 1) });
