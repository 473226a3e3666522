import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { here } from './asset-directory.cjs';

/** Files of the page, all that there are: nothing else is ever read. */
const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'inter.woff2': 'font/woff2',
};

/** Beside this file in the package, and where the build put them when the sources run. */
const PLACES = ['assets', '../../dashboard/assets', '../../dist/dashboard/assets'];

export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

/** Reads the files of the page, each once. */
export class Assets {
  readonly #read = new Map<string, Promise<Asset>>();
  readonly #directory = PLACES.map((place) => join(here, place)).find((place) => existsSync(join(place, 'app.js')));

  /** @returns `undefined` for what is no file of the page, or when the package was never built */
  get(name: string): Promise<Asset> | undefined {
    const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
    if (type === undefined || this.#directory === undefined) return undefined;
    const path = join(this.#directory, name);
    let asset = this.#read.get(name);
    if (asset === undefined) {
      asset = readFile(path).then((content) => ({ type, content }));
      this.#read.set(name, asset);
    }
    return asset;
  }
}
