// The language server, and commands that run `wfc` on the file at hand. Every program is started with a list of arguments; no shell reads them.
"use strict";

const { execFile } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;
/** @type {{ panel: vscode.WebviewPanel, uri: vscode.Uri, workflow: string | undefined } | undefined} */
let shown;

/** Where `wfc` is, by the settings or on the PATH; nothing where it is not. */
function program() {
  const set = vscode.workspace.getConfiguration("wfc").get("path");
  if (set) return fs.existsSync(set) ? set : undefined;
  const name = process.platform === "win32" ? "wfc.exe" : "wfc";
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
}

/** Says what is missing, once somebody needs it. */
async function missing() {
  const set = vscode.workspace.getConfiguration("wfc").get("path");
  const where = set ? `at ${set}, where the setting wfc.path says it is` : "on the PATH";
  const choice = await vscode.window.showErrorMessage(
    `wfc is not ${where}. Install it with \`cargo install --path .\` in its checkout, or say where it is.`,
    "Open the setting",
  );
  if (choice) await vscode.commands.executeCommand("workbench.action.openSettings", "wfc.path");
}

async function start() {
  await client?.dispose();
  client = undefined;
  const command = program();
  if (!command) return missing();
  client = new LanguageClient(
    "wfc",
    "wfc",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "wf" }], synchronize: { configurationSection: "wfc" } },
  );
  await client.start();
}

/** The file that is meant, saved; by a code lens or in front. */
async function meant(uri) {
  const editor = vscode.window.activeTextEditor;
  const target = typeof uri === "string" ? vscode.Uri.parse(uri) : (uri ?? editor?.document.uri);
  if (target?.scheme !== "file") {
    await vscode.window.showErrorMessage("Save the workflow as a file first: wfc reads it from there.");
    return undefined;
  }
  const document = await vscode.workspace.openTextDocument(target);
  return document.isDirty && !(await document.save()) ? undefined : target;
}

/** Runs `wfc` in a terminal. */
async function inTerminal(name, uri, args) {
  const command = program();
  if (!command) return missing();
  const target = await meant(uri);
  if (!target) return undefined;
  const execution = new vscode.ProcessExecution(command, args(target.fsPath), { cwd: path.dirname(target.fsPath) });
  const scope = vscode.workspace.getWorkspaceFolder(target) ?? vscode.TaskScope.Workspace;
  const task = new vscode.Task({ type: "wfc", name }, scope, name, "wfc", execution, ["$wfc"]);
  task.presentationOptions = { clear: true, focus: false };
  return vscode.tasks.executeTask(task);
}

// A menu says something else in the place of the workflow.
const named = (file, workflow) => (typeof workflow === "string" ? `${file}:${workflow}` : file);

/** The picture of a plan as a page that loads and runs nothing. */
function page(body) {
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return `<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="${policy}">
<style>body{background:#fff;color:#1c1e21;padding:1rem}pre{white-space:pre-wrap}svg{max-width:100%;height:auto}</style></head><body>${body}</body></html>`;
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Draws the plan of what is shown anew. */
function draw() {
  const command = program();
  if (!shown || !command) return;
  const { panel, uri, workflow } = shown;
  const args = ["plan", named(uri.fsPath, workflow), "--format", "svg"];
  execFile(command, args, { cwd: path.dirname(uri.fsPath), maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
    if (shown?.panel === panel) panel.webview.html = page(error ? `<pre>${escaped(stderr || String(error))}</pre>` : stdout);
  });
}

async function plan(uri, asked) {
  const workflow = typeof asked === "string" ? asked : undefined;
  if (!program()) return missing();
  const target = await meant(uri);
  if (!target) return undefined;
  if (!shown) {
    const panel = vscode.window.createWebviewPanel("wfc.plan", "Plan", { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
    panel.onDidDispose(() => (shown = undefined));
    shown = { panel, uri: target, workflow };
  }
  shown = { ...shown, uri: target, workflow };
  shown.panel.title = `Plan of ${workflow ?? path.basename(target.fsPath)}`;
  shown.panel.reveal(undefined, true);
  draw();
  return undefined;
}

async function activate(context) {
  const command = (name, action) => context.subscriptions.push(vscode.commands.registerCommand(name, action));
  command("wfc.run", (uri, workflow) => inTerminal("run", uri, (file) => ["run", named(file, workflow)]));
  command("wfc.test", (uri, test) => inTerminal("test", uri, (file) => ["test", file, ...(typeof test === "string" ? ["--filter", test] : [])]));
  command("wfc.rehearse", (uri, workflow) => inTerminal("rehearse", uri, (file) => ["test", "--rehearse", named(file, workflow)]));
  command("wfc.check", (uri) => inTerminal("check", uri, (file) => ["check", file]));
  command("wfc.plan", plan);
  command("wfc.restart", start);
  context.subscriptions.push(
    vscode.workspace.onDidSaveTextDocument((document) => {
      if (document.languageId === "wf") draw();
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("wfc.path")) return start();
      return undefined;
    }),
  );
  await start();
}

async function deactivate() {
  await client?.dispose();
}

module.exports = { activate, deactivate };
