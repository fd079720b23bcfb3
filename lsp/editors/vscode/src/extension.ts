// The extension: what VS Code calls when a file of zkASM is opened. Each module registers what it is about.

import * as vscode from "vscode";

import { registerCosts } from "./costs";
import { registerInstall } from "./install";
import { onPythonSelected } from "./python";
import { registerRunning } from "./running";
import { Server } from "./server";
import { registerTasks } from "./tasks";

/** The settings that say how the server is started: a change of one starts it again. */
const START_SETTINGS = ["zkwasm.python", "zkwasm.serverArguments"];

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  server = new Server(context);
  context.subscriptions.push(
    vscode.commands.registerCommand("zkwasm.restartServer", () => server?.restart()),
    vscode.commands.registerCommand("zkwasm.showOutput", () => server?.output.show()),
    vscode.commands.registerCommand("zkwasm.newExample", () => newExample(context)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (START_SETTINGS.some((name) => event.affectsConfiguration(name))) void server?.restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server?.restart()),
  );
  registerInstall(context, server);
  registerRunning(context, server);
  registerCosts(context);
  registerTasks(context, server);
  await onPythonSelected(context, () => server?.restart());
  await server.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** Writes the example into the first folder of the workspace, or opens it without a name where there is none. */
async function newExample(context: vscode.ExtensionContext): Promise<void> {
  const content = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(context.extensionUri, "media", "example.zkasm"));
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) {
    const document = await vscode.workspace.openTextDocument({ language: "zkasm", content: new TextDecoder().decode(content) });
    await vscode.window.showTextDocument(document);
    void vscode.window.showInformationMessage("Save the example as a .zkasm file: the server reads files.");
    return;
  }
  for (let number = 1; ; number++) {
    const file = vscode.Uri.joinPath(folder.uri, number === 1 ? "example.zkasm" : `example-${number}.zkasm`);
    if (await exists(file)) continue;
    await vscode.workspace.fs.writeFile(file, content);
    await vscode.window.showTextDocument(file);
    return;
  }
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}
