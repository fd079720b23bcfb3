// Which Python runs the server: the setting, else the first of those that may be meant which has hatch-zkwasm[lsp].

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import type { PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";

/** A Python that was asked what it has; `problem` says why it cannot run the server, and is empty when it can. */
export interface Python {
  command: string;
  /** Where it was found, to be put after "the Python". */
  origin: string;
  virtual: boolean;
  problem: string;
}

/** All that were looked at; the last one runs the server when its `problem` is empty. */
export type Search = Python[];

const PATIENCE_MS = 20_000;

const QUESTION = `
import importlib.util, json, sys
has = lambda name: importlib.util.find_spec(name) is not None
virtual = sys.prefix != sys.base_prefix
print(json.dumps([list(sys.version_info[:2]), has("hatch_zkwasm"), has("pygls"), virtual]))
`;

/** Looks for a Python that runs the server. `away` is a folder without modules, to ask in. */
export async function findPython(away: string): Promise<Search> {
  const search: Search = [];
  for (const [command, origin] of await candidates()) {
    const python = await ask(command, origin, away);
    search.push(python);
    if (python.problem === "") break;
  }
  return search;
}

/** Calls back when another environment is selected in the Python extension. */
export async function onPythonSelected(context: vscode.ExtensionContext, selected: () => unknown): Promise<void> {
  const extension = await pythonExtension();
  if (extension !== undefined) context.subscriptions.push(extension.environments.onDidChangeActiveEnvironmentPath(selected));
}

/** The Python of a virtual environment. */
export function pythonIn(environment: string): string {
  return process.platform === "win32" ? path.join(environment, "Scripts", "python.exe") : path.join(environment, "bin", "python");
}

/** Commands of Pythons with their origins, in the order in which they count, each once. */
async function candidates(): Promise<Map<string, string>> {
  const chosen = expand(vscode.workspace.getConfiguration("zkwasm").get<string>("python", "").trim());
  if (chosen !== "") return new Map([[chosen, "of the setting zkwasm.python"]]);
  const found = new Map<string, string>();
  const add = (command: string | undefined, origin: string) => {
    if (command !== undefined && !found.has(command)) found.set(command, origin);
  };
  add(await selectedPython(), "that is selected in the Python extension");
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    for (const name of [".venv", "venv"]) {
      const command = pythonIn(path.join(folder.uri.fsPath, name));
      if (existsSync(command)) add(command, `in ${name}`);
    }
  }
  for (const command of onPath(["zkwasm"])) add(await interpreterOf(command), "of the command zkwasm");
  for (const command of onPath(["python3", "python"])) add(command, "on the PATH");
  return found;
}

function expand(written: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return written.replace("${workspaceFolder}", folder).replace(/^~(?=$|[\\/])/, homedir());
}

/** What the Python extension offers; nothing when it is not there, is older than this interface, or does not start. */
async function pythonExtension(): Promise<PythonExtension | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  try {
    const found = extension?.isActive ? extension.exports : await extension?.activate();
    return found?.environments === undefined ? undefined : found;
  } catch (error) {
    console.error("the Python extension does not start:", error);
    return undefined;
  }
}

async function selectedPython(): Promise<string | undefined> {
  const environments = (await pythonExtension())?.environments;
  if (environments === undefined) return undefined;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const resolved = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return resolved?.executable.uri?.fsPath;
}

/** The first file on the PATH of each of the names. */
function onPath(names: string[]): string[] {
  const endings = process.platform === "win32" ? [".exe"] : [""];
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => {
    const files = folders.flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)));
    const first = files.find((file) => existsSync(file));
    return first === undefined ? [] : [first];
  });
}

/** The Python that an installed command belongs to: the one of its first line, or else the one beside it. */
async function interpreterOf(command: string): Promise<string | undefined> {
  if (process.platform !== "win32") {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.file(command));
    const first = /^#!(\/\S*python\S*)\s*$/m.exec(new TextDecoder().decode(bytes.slice(0, 512)));
    if (first?.[1] !== undefined) return first[1];
  }
  const beside = path.join(path.dirname(command), process.platform === "win32" ? "python.exe" : "python");
  return existsSync(beside) ? beside : undefined;
}

function ask(command: string, origin: string, away: string): Promise<Python> {
  const answer = (virtual: boolean, problem: string): Python => ({ command, origin, virtual, problem });
  return new Promise((resolve) => {
    execFile(command, ["-c", QUESTION], { cwd: away, timeout: PATIENCE_MS }, (error, output, errors) => {
      if (error !== null) {
        resolve(answer(false, `it does not run: ${errors.trim().split("\n").at(-1) || error.message}`));
        return;
      }
      const [version, compiler, protocol, virtual] = JSON.parse(output) as [[number, number], boolean, boolean, boolean];
      if (version[0] < 3 || (version[0] === 3 && version[1] < 11)) {
        resolve(answer(false, `it is Python ${version.join(".")}, and 3.11 is needed`));
      } else if (!compiler) {
        resolve(answer(virtual, "it has no hatch-zkwasm"));
      } else {
        resolve(answer(virtual, protocol ? "" : "it has hatch-zkwasm without its extra `lsp`"));
      }
    });
  });
}
