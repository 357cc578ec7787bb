/** A longer look at every reader, at mutants that include those of the short one. */
import { testEveryReader } from './every-reader.testing.ts';

testEveryReader(4_000);
