// Colours texts with the extension's grammar, as VS Code does: a JSON list of texts on standard input; of each text, on
// standard output, a list of its lines, of each line a list of [first column, end column, innermost scope].
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const folder = new URL("../", import.meta.url);
const require = createRequire(import.meta.url);
await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => {
    const file = new URL("syntaxes/zkasm.tmLanguage.json", folder);
    return textmate.parseRawGrammar(readFileSync(file, "utf-8"), "zkasm.json");
  },
});
const grammar = await registry.loadGrammar("source.zkasm");
const texts = JSON.parse(readFileSync(0, "utf-8"));
const coloured = texts.map((text) => {
  let stack = textmate.INITIAL;
  return text.split(/\r\n|\r|\n/).map((line) => {
    const found = grammar.tokenizeLine(line, stack);
    stack = found.ruleStack;
    return found.tokens.map((token) => [token.startIndex, token.endIndex, token.scopes.at(-1)]);
  });
});
process.stdout.write(JSON.stringify(coloured));
