// Runs assertions by the server's commands, which its code lenses call too, and says what they came to.

import * as vscode from "vscode";

import type { Server } from "./server";

/** Commands of the server; the client registers them when the server tells of them. */
const RUN = "zkwasm.run";
const RUN_ALL = "zkwasm.runAll";

interface Run {
  file: string;
  line: number;
  label: string | null;
  text: string;
  passed: boolean;
  messages: string[];
  steps: number | null;
  n: number | null;
}

interface Answer {
  runs: Run[];
  /** Why nothing was run; the server has said so itself. */
  wrong: string;
}

export function registerRunning(context: vscode.ExtensionContext, server: Server): void {
  const result = vscode.window.createStatusBarItem("zkwasm.result", vscode.StatusBarAlignment.Left);
  result.name = "Result of the last zkASM run";
  result.command = "zkwasm.showOutput";
  context.subscriptions.push(
    result,
    server.onExecuted((answer) => {
      if (isAnswer(answer) && answer.wrong === "") tell(answer.runs, result, server);
    }),
    vscode.commands.registerCommand("zkwasm.runAssertionsOfFile", () => runFile(server)),
    vscode.commands.registerCommand("zkwasm.runAssertionAtCursor", () => runAtCursor(server)),
  );
}

function isAnswer(answer: unknown): answer is Answer {
  return typeof answer === "object" && answer !== null && "runs" in answer && "wrong" in answer;
}

/** The editor with zkASM; says what is missing when there is none or no server. */
function activeEditor(server: Server): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "zkasm" || editor.document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Open a .zkasm file first.");
    return undefined;
  }
  if (!server.isRunning) {
    void vscode.window.showErrorMessage("The language server of zkASM does not run.");
    return undefined;
  }
  return editor;
}

async function runFile(server: Server): Promise<Answer | undefined> {
  const editor = activeEditor(server);
  return editor && vscode.commands.executeCommand<Answer>(RUN_ALL, editor.document.uri.toString());
}

/** Runs the assertion on the line of the cursor, or the nearest of those of the routine that the cursor is in. */
async function runAtCursor(server: Server): Promise<Answer | undefined> {
  const editor = activeEditor(server);
  if (editor === undefined) return undefined;
  const line = assertionFor(editor.document, editor.selection.active.line);
  if (line === undefined) {
    void vscode.window.showInformationMessage("There is no assertion here: write `;@ run A=2 => A=4` above a label.");
    return undefined;
  }
  return vscode.commands.executeCommand<Answer>(RUN, editor.document.uri.toString(), line);
}

const ASSERTION = /^\s*;@\s*run\b/;
const COMMENT = /^\s*(;|$)/;

/** Within a block of comments the next assertion of it, else the nearest one above. */
function assertionFor(document: vscode.TextDocument, line: number): number | undefined {
  const text = (number: number) => document.lineAt(number).text;
  for (let below = line; below < document.lineCount && COMMENT.test(text(below)); below++) {
    if (ASSERTION.test(text(below))) return below;
  }
  for (let above = line; above >= 0; above--) {
    if (ASSERTION.test(text(above))) return above;
  }
  return undefined;
}

function tell(runs: Run[], item: vscode.StatusBarItem, server: Server): void {
  for (const run of runs) {
    const cost = run.steps === null ? "" : ` (${run.steps} steps, N = ${run.n})`;
    const line = `${run.file}:${run.line}: ${run.passed ? "ok" : "FAILED"}: ${run.label ?? "the program"}: ${run.text}${cost}`;
    if (run.passed) server.output.info(line);
    else server.output.error([line, ...run.messages].join("\n    "));
  }
  const failed = runs.filter((run) => !run.passed).length;
  const many = `${runs.length} assertion${runs.length === 1 ? "" : "s"}`;
  item.text = failed === 0 ? `$(pass) ${many} hold${runs.length === 1 ? "s" : ""}` : `$(error) ${failed} of ${many} failed`;
  item.backgroundColor = failed === 0 ? undefined : new vscode.ThemeColor("statusBarItem.errorBackground");
  item.tooltip = runs.map((run) => `${run.passed ? "✓" : "✗"} ${run.label ?? "the program"}: ${run.text}`).join("\n");
  item.show();
}
