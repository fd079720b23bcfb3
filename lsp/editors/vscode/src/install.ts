// Says that the server is missing, and installs it into a virtual environment in a terminal that shows what happens.

import * as path from "node:path";
import * as vscode from "vscode";

import { pythonIn, type Python, type Search } from "./python";
import type { Server } from "./server";

const PACKAGE = "hatch-zkwasm[lsp]";
const FOLDER = ".venv";

export function registerInstall(context: vscode.ExtensionContext, server: Server): void {
  context.subscriptions.push(
    server.onMissing((search) => void tell(search, server)),
    vscode.commands.registerCommand("zkwasm.installServer", () => install(server)),
  );
}

async function tell(search: Search, server: Server): Promise<void> {
  const [installNow, select, show] = ["Install", "Choose a Python", "Show Output"];
  const first = search[0];
  const why = first === undefined ? "There is no Python on the PATH." : `Of the Python ${first.origin} (${first.command}): ${first.problem}.`;
  const message = `zkASM needs its language server: pip install "${PACKAGE}". ${why}`;
  const buttons = search.some(isUsable) ? [installNow, select, show] : [select, show];
  const answer = await vscode.window.showWarningMessage(message, ...buttons);
  if (answer === installNow) await install(server);
  if (answer === select) await choosePython();
  if (answer === show) server.output.show();
}

/** With the Python extension its list of environments, without it the setting. */
async function choosePython(): Promise<void> {
  const commands = await vscode.commands.getCommands(true);
  if (commands.includes("python.setInterpreter")) await vscode.commands.executeCommand("python.setInterpreter");
  else await vscode.commands.executeCommand("workbench.action.openSettings", "zkwasm.python");
}

function isUsable(python: Python): boolean {
  return python.problem === "" || python.problem.startsWith("it has ");
}

/**
 * Installs the package: into the first virtual environment that was found or the Python of the setting, else into a new
 * `.venv` of the workspace, for other Pythons belong to the system.
 */
async function install(server: Server): Promise<void> {
  if (server.isRunning) {
    void vscode.window.showInformationMessage(`The language server of zkASM is installed and runs: ${server.python}`);
    return;
  }
  const usable = server.search.filter(isUsable);
  const named = vscode.workspace.getConfiguration("zkwasm").get<string>("python", "").trim() !== "";
  const target = usable.find((python) => named || python.virtual);
  const base = usable[0];
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (target !== undefined) {
    await runSteps([[target.command, pip()]], server);
  } else if (base !== undefined && folder !== undefined) {
    const environment = path.join(folder.uri.fsPath, FOLDER);
    const steps: [string, string[]][] = [
      [base.command, ["-m", "venv", environment]],
      [pythonIn(environment), pip()],
    ];
    await runSteps(steps, server);
  } else {
    const what = base === undefined ? "Install Python 3.11 or newer first." : "Open a folder first: the server goes into its .venv.";
    void vscode.window.showErrorMessage(what);
  }
}

function pip(): string[] {
  return ["-m", "pip", "install", PACKAGE];
}

/** Runs commands one after the other as tasks; starts the server when all went well. */
async function runSteps(steps: [string, string[]][], server: Server): Promise<void> {
  for (const [command, words] of steps) {
    const status = await runTask(new vscode.ProcessExecution(command, words));
    if (status !== 0) {
      void vscode.window.showErrorMessage(`The language server was not installed: ${command} ${words.join(" ")} ended with status ${status}.`);
      return;
    }
  }
  await server.restart();
}

async function runTask(execution: vscode.ProcessExecution): Promise<number | undefined> {
  const task = new vscode.Task({ type: "process" }, vscode.TaskScope.Workspace, "install the language server", "zkASM", execution);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, panel: vscode.TaskPanelKind.Dedicated };
  return new Promise((resolve) => {
    let running: vscode.TaskExecution | undefined;
    const listener = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution !== running) return;
      listener.dispose();
      resolve(event.exitCode);
    });
    void vscode.tasks.executeTask(task).then((started) => (running = started));
  });
}
