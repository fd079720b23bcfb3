// Tasks of type `zkwasm`: assemble a program, run its assertions; with the Python that runs the server.

import * as path from "node:path";
import * as vscode from "vscode";

import type { Server } from "./server";

const TYPE = "zkwasm";
const COMMANDS = ["asm", "test"] as const;

interface Definition extends vscode.TaskDefinition {
  command: (typeof COMMANDS)[number];
  file?: string;
  arguments?: string[];
}

export function registerTasks(context: vscode.ExtensionContext, server: Server): void {
  context.subscriptions.push(
    vscode.tasks.registerTaskProvider(TYPE, {
      provideTasks: async () => {
        const file = vscode.window.activeTextEditor?.document;
        if (file?.languageId !== "zkasm") return [];
        const python = await usable(server);
        return python === undefined ? [] : COMMANDS.map((command) => task({ type: TYPE, command }, python));
      },
      resolveTask: async (written) => {
        const python = await usable(server);
        return python === undefined ? undefined : task(written.definition as Definition, python, written.scope);
      },
    }),
  );
}

async function usable(server: Server): Promise<string | undefined> {
  await server.settled();
  return server.python;
}

function task(definition: Definition, python: string, scope?: vscode.Task["scope"]): vscode.Task {
  const file = definition.file ?? "${file}";
  const output = definition.command === "asm" ? ["--output", romOf(file)] : [];
  const words = ["-m", "hatch_zkwasm", definition.command, file, ...output, ...(definition.arguments ?? [])];
  const name = definition.command === "asm" ? "assemble" : "run the assertions of";
  const made = new vscode.Task(
    definition,
    scope ?? vscode.TaskScope.Workspace,
    `${name} ${definition.file ?? "the open program"}`,
    TYPE,
    new vscode.ProcessExecution(python, words, { cwd: "${fileDirname}" }),
    definition.command === "asm" ? ["$zkwasm"] : ["$zkwasm-test", "$zkwasm"],
  );
  made.group = definition.command === "asm" ? vscode.TaskGroup.Build : vscode.TaskGroup.Test;
  return made;
}

/** The ROM beside the source. */
function romOf(file: string): string {
  if (file === "${file}") return "${fileDirname}/${fileBasenameNoExtension}.rom.json";
  return path.join(path.dirname(file), `${path.basename(file, path.extname(file))}.rom.json`);
}
