import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');
const docs = join(root, 'docs');

/** Every `ts` example of the pages, as a module of its own that does not exist on disk. */
function examples(): Map<string, string> {
  const found = new Map<string, string>();
  for (const page of readdirSync(docs).filter((file) => file.endsWith('.md'))) {
    const blocks = readFileSync(join(docs, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm);
    for (const [index, [, code]] of [...blocks].entries()) {
      found.set(join(__dirname, `${page.slice(0, -'.md'.length)}.${index + 1}.example.ts`), `${code}\nexport {};\n`);
    }
  }
  return found;
}

describe('the examples in the pages', () => {
  it('compile', () => {
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const sources = examples();
    // An example that augments PolicyNames would bind the names in all others.
    const own = [...sources].filter(([, code]) => !code.includes('declare module'));
    const disk = ts.createCompilerHost({ ...options, noEmit: true });
    const host: ts.CompilerHost = {
      ...disk,
      fileExists: (name) => sources.has(name) || disk.fileExists(name),
      readFile: (name) => sources.get(name) ?? disk.readFile(name),
      getSourceFile: (name, ...rest) => {
        const code = sources.get(name);
        if (code === undefined) return disk.getSourceFile(name, ...rest);
        return ts.createSourceFile(name, code, ts.ScriptTarget.ES2023);
      },
    };
    const compilerOptions = { ...options, noEmit: true, noUnusedLocals: false, noUnusedParameters: false };
    const program = ts.createProgram(
      own.map(([name]) => name),
      compilerOptions,
      host,
    );
    const problems = own
      .flatMap(([name]) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
      .map(({ file, messageText }) => {
        const place = file === undefined ? '' : file.fileName.slice(__dirname.length + 1);
        return `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      });
    expect(problems).toEqual([]);
  }, 120_000);
});
