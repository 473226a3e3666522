// The package is "type": "module"; without this the CommonJS half would be loaded as ES modules.
import { copyFileSync, writeFileSync } from 'node:fs';

writeFileSync(new URL('../dist/cjs/package.json', import.meta.url), '{ "type": "commonjs" }\n');

// The one file that says where it is is CommonJS as it stands.
const location = 'dashboard/asset-directory.cjs';
copyFileSync(new URL(`../src/${location}`, import.meta.url), new URL(`../dist/cjs/${location}`, import.meta.url));
