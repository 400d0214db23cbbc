// Run as `node scopes.js GRAMMAR FILE…`: for each file a line of JSON with where pieces of it begin, in bytes, and what a TextMate grammar calls them.
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");
const { OnigScanner, OnigString, loadWASM } = require("vscode-oniguruma");

await loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const [grammarFile, ...files] = process.argv.slice(2);
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new OnigScanner(patterns),
    createOnigString: (text) => new OnigString(text),
  }),
  // The grammars of shell and the like come with the editor.
  loadGrammar: async (scope) => (scope === "source.wf" ? parseRawGrammar(readFileSync(grammarFile, "utf8"), grammarFile) : null),
});
const grammar = await registry.loadGrammar("source.wf");
for (const file of files) {
  let stack = INITIAL;
  let offset = 0;
  const pieces = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    for (const token of tokens) {
      const from = offset + Buffer.byteLength(line.slice(0, token.startIndex));
      const to = offset + Buffer.byteLength(line.slice(0, token.endIndex));
      pieces.push([from, to, token.scopes.slice(1).join(" ")]);
    }
    stack = ruleStack;
    offset += Buffer.byteLength(line) + 1;
  }
  writeSync(1, JSON.stringify({ file, pieces }) + "\n");
}
