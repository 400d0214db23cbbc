"use strict";
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { createRequire, syncBuiltinESMExports } = require("node:module");
const { join } = require("node:path");
const { inspect } = require("node:util");
const threads = require("node:worker_threads");
// A value may have any name.
const { BigInt, Error, JSON, Number, Object, String, process } = globalThis;

const inputs = join(__dirname, "inputs.json");
const { values, large } = existsSync(inputs) ? JSON.parse(readFileSync(inputs, "utf8")) : { values: {}, large: [] };
for (const { place, value } of large) {
  const last = place.pop();
  place.reduce((inner, key) => inner[key], values)[last] = BigInt(value);
}
const isFile = process.execArgv.every((argument) => !argument.startsWith("--input-type"));
const program = isFile ? process.argv[1] : "[eval1]";
if (!isFile) {
  globalThis.require = createRequire(join(process.cwd(), "code.js"));
}
for (const [name, value] of Object.entries(values)) {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
}
// Processes and threads that it starts itself read files, not what stands on an input.
process.execArgv = [];
threads.Worker = class Worker extends threads.Worker {
  constructor(file, options) {
    super(file, { execArgv: [], ...options });
  }
};
syncBuiltinESMExports();

process.on("uncaughtExceptionMonitor", (error) => {
  try {
    const isError = error instanceof Error;
    const stack = isError ? String(error.stack) : "";
    const start = stack.indexOf(`${program}:`);
    const line = start < 0 ? null : Number.parseInt(stack.slice(start + program.length + 1), 10) || null;
    const text = isError ? `${error.name}: ${error.message}` : `threw ${inspect(error)}`;
    writeFileSync(join(__dirname, "error.json"), JSON.stringify({ message: text, line }));
  } catch {
    // Its message stands on stderr in any case.
  }
});
