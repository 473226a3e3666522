import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function majorOf(name: string): string {
  let folder = dirname(require.resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version.split('.')[0]!;
}

describe('the specs of this folder', () => {
  it('run on one major version of Nest, in the library as in the tests', () => {
    const used = majorOf('@nestjs/common');
    expect(['11', '12']).toContain(used);
    expect([majorOf('@nestjs/core'), majorOf('@nestjs/microservices'), majorOf('@nestjs/websockets')]).toEqual([
      used,
      used,
      used,
    ]);
  });
});
