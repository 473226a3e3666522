import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');
const fixture = join(__dirname, 'decorators.fixture.ts');

/** Lines of the fixture on which the compiler finds something. */
function problemLines(): { readonly line: number; readonly message: string }[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram([fixture], { ...options, noEmit: true });
  const source = program.getSourceFile(fixture)!;
  return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => ({
    line: source.getLineAndCharacterOfPosition(start).line + 1,
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}

describe('the types of the decorators', () => {
  it('accept what fits, and refuse exactly the lines marked as wrong', () => {
    const lines = ts.sys.readFile(fixture)!.split('\n');
    const marked = lines.flatMap((text, index) => (text.includes('// wrong') ? [index + 1] : []));
    expect(marked.length).toBeGreaterThan(10);
    const found = problemLines();
    expect([...new Set(found.map(({ line }) => line))]).toEqual(marked);
  }, 120_000);
});
