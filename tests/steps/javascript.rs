//! `javascript` runs programs with `node`.

use super::interpreted::{Language, stories};
use crate::cli::Place;

const JAVASCRIPT: Language = Language {
    kind: "javascript",
    interpreter: "node",
    ending: "mjs",
    echo: "import { writeFileSync } from 'node:fs';\nwriteFileSync(process.env.WF_OUTPUT, JSON.stringify({ texts }));",
    wait: "import { existsSync, writeFileSync } from 'node:fs';\nimport { spawn } from 'node:child_process';\nwriteFileSync('number', String(process.pid));\nif (!existsSync('free')) spawn('sleep', ['1000'], { detached: true });\nwriteFileSync('begun', '');\nwhile (!existsSync('free')) await new Promise((ready) => setTimeout(ready, 10));",
    second_time: "import { appendFileSync, readFileSync } from 'node:fs';\nappendFileSync('log', 'x\\n');\nif (readFileSync('log', 'utf8').length < 4) process.exit(7);",
    tell: "console.error(process.env.TOKEN);\nconsole.log(process.env.TOKEN);\nthrow new RangeError('bad ' + process.env.TOKEN);",
    error: "RangeError",
    print: "console.log('ran')",
    unreadable: "const x = 1;\nconst y = = 2;\n",
};

stories! { JAVASCRIPT }

#[test]
fn a_program_waits_imports_requires_and_starts_others() {
    let place = Place::with(
        "workflow main {\n  step go: javascript -> string {\n    code: '''\n      import { twice } from './lib/twice.mjs';\n      import { fork } from 'node:child_process';\n      import { Worker } from 'node:worker_threads';\n      const plain = require('./lib/plain.cjs');\n      const child = fork('./lib/child.mjs');\n      const said = await new Promise((done) => child.on('message', done));\n      const worker = new Worker('./lib/worker.mjs');\n      const heard = await new Promise((done) => worker.on('message', done));\n      console.log(twice(n), plain, said, heard);\n    '''\n    inputs: { n: 21 }\n    reads only\n  }\n  step old: javascript -> int { file: \"./lib/old.js\", inputs: { n: 4 }, reads only }\n  output said: string = go\n  output is: int = old\n}\n",
    );
    place.write("lib/twice.mjs", "export const twice = (x) => 2 * x;\n");
    place.write("lib/plain.cjs", "module.exports = 'plain';\n");
    place.write("lib/child.mjs", "process.send('child');\n");
    place.write("lib/worker.mjs", "import { parentPort } from 'node:worker_threads';\nparentPort.postMessage('worker');\n");
    place.write("lib/old.js", "const path = require('node:path');\nconsole.log(path.basename(__filename).length + n);\n");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = 42 plain child worker\nis = 10\n"), "{}", outcome.stderr);
}

#[test]
fn values_may_use_any_name() {
    let place = Place::with(
        "workflow main {\n  step go: javascript {\n    code: '''\n      if (JSON !== 1 || Error !== 2 || console !== 3 || String !== 4 || require !== 7) throw 'values';\n      throw new RangeError('as told');\n    '''\n    inputs: { JSON: 1, Error: 2, console: 3, String: 4, Object: 5, Promise: 6, require: 7, path: 8 }\n    reads only\n  }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert!(outcome.stderr.contains("exit code 1: RangeError: as told, line 2 of the code"), "{}", outcome.stderr);
}

#[test]
fn what_is_thrown_need_not_be_an_error() {
    let place = Place::with(
        "workflow main {\n  step go: javascript {\n    code: \"\"\"\n      console.error('warning: 12');\n      await Promise.reject({ code: 'x' });\n    \"\"\"\n    reads only\n  }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert!(outcome.stderr.contains("exit code 1: threw { code: 'x' }"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("line 12"), "{}", outcome.stderr);
    let place = Place::with(
        "workflow main {\n  step go: javascript {\n    code: \"\"\"\n      console.error('warning: 12');\n      throw 'text';\n    \"\"\"\n    reads only\n  }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert!(outcome.stderr.contains("exit code 1: threw 'text'\n"), "{}", outcome.stderr);
}

#[test]
fn integers_stay_exact() {
    let place = Place::with(
        "workflow main {\n  param n: [int] = [9_007_199_254_740_991, 9_007_199_254_740_993]\n  step go: javascript \"console.log(n.map((x) => typeof x + x).join())\" -> string { inputs: { n: n }, reads only }\n  output said: string = go\n}\n",
    );
    assert_eq!(place.ran(&[]).stdout, "said = number9007199254740991,bigint9007199254740993\n");
}
