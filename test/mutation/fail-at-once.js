// Loaded before the specs of a mutant: a property that a mutant breaks is broken, and no time goes into a smaller example.
import * as fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true });
