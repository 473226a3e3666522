import 'reflect-metadata';
import { ReliabilityModule } from '@marketprism/reliability';

jest.setTimeout(60_000);
jest.mock('@willsoto/nestjs-prometheus', () => {
  throw Object.assign(new Error("Cannot find module '@willsoto/nestjs-prometheus'"), { code: 'MODULE_NOT_FOUND' });
});

describe('an optional package that is not there', () => {
  it('is named when what needs it is asked for', async () => {
    const { imports = [] } = ReliabilityModule.forRoot({ policies: {}, metrics: { path: 'metrics' } });
    await expect(Promise.all(imports as Promise<unknown>[])).rejects.toThrow(
      'The option "metrics" of ReliabilityModule needs the package "@willsoto/nestjs-prometheus": npm install',
    );
  });
});
