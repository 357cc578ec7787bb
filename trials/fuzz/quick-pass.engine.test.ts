/** A short look at every reader; `npm run fuzz` looks for as long as one likes. */
import { testEveryReader } from './every-reader.testing.ts';

testEveryReader(500);
