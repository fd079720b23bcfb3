// The language server: found, started, stopped, and its state shown beside the language's name.

import * as vscode from "vscode";
import { LanguageClient, State, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { findPython, type Search } from "./python";

const SECTION = "zkwasm";

/** The context of `when` clauses: the server answers. */
const RUNNING = "zkwasm.serverRunning";

export class Server {
  readonly output = vscode.window.createOutputChannel("zkASM", { log: true });
  /** The Pythons that were looked at when the server was started last. */
  search: Search = [];
  private client: LanguageClient | undefined;
  private readonly status = vscode.languages.createLanguageStatusItem("zkwasm.server", { language: "zkasm" });
  private turn: Promise<void> = Promise.resolve();
  private readonly missing = new vscode.EventEmitter<Search>();
  /** Fires when no Python was found that can run the server. */
  readonly onMissing = this.missing.event;

  private readonly executed = new vscode.EventEmitter<unknown>();
  /** Fires with the answer to each command of the server, whoever called it: a lens or a command of the extension. */
  readonly onExecuted = this.executed.event;

  constructor(private readonly context: vscode.ExtensionContext) {
    this.status.name = "zkASM";
    context.subscriptions.push(this.output, this.status, this.missing, this.executed);
  }

  /** The Python that runs the server. */
  get python(): string | undefined {
    const last = this.search.at(-1);
    return last?.problem === "" ? last.command : undefined;
  }

  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** Done when what was begun, a start or a stop, has ended. */
  settled(): Promise<void> {
    return this.turn;
  }

  /** Stops the server when it runs and starts it with what the settings say now; one call after the other. */
  restart(): Promise<void> {
    this.turn = this.turn.then(async () => {
      await this.stopNow();
      try {
        await this.start();
      } catch (error) {
        this.output.error(`the server does not start: ${error instanceof Error ? error.message : String(error)}`);
        await this.show("does not start", vscode.LanguageStatusSeverity.Error);
      }
    });
    return this.turn;
  }

  stop(): Promise<void> {
    this.turn = this.turn.then(() => this.stopNow());
    return this.turn;
  }

  private async start(): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      await this.show("does not run in Restricted Mode", vscode.LanguageStatusSeverity.Warning);
      return;
    }
    const away = vscode.Uri.joinPath(this.context.extensionUri, "media").fsPath;
    await this.show("is looked for", vscode.LanguageStatusSeverity.Information, true);
    this.search = await findPython(away);
    for (const { command, origin, problem } of this.search) {
      this.output.info(`the Python ${origin}, ${command}: ${problem || "runs the server"}`);
    }
    const python = this.python;
    if (python === undefined) {
      await this.show("is not installed", vscode.LanguageStatusSeverity.Error);
      this.missing.fire(this.search);
      return;
    }
    await this.show("starts", vscode.LanguageStatusSeverity.Information, true);
    this.client = this.newClient(python, away);
    await this.client.start();
    await this.show(python, vscode.LanguageStatusSeverity.Information);
  }

  private newClient(python: string, away: string): LanguageClient {
    const more = vscode.workspace.getConfiguration(SECTION).get<string[]>("serverArguments", []);
    const run: ServerOptions = {
      command: python,
      args: ["-m", "hatch_zkwasm", "lsp", ...more],
      options: { cwd: away, env: { ...process.env, PYTHONUNBUFFERED: "1", PYTHONUTF8: "1" } },
    };
    const options: LanguageClientOptions = {
      documentSelector: [{ language: "zkasm", scheme: "file" }],
      synchronize: { configurationSection: SECTION },
      initializationOptions: vscode.workspace.getConfiguration(SECTION),
      outputChannel: this.output,
      middleware: {
        executeCommand: async (command, words, next) => {
          const answer: unknown = await next(command, words);
          this.executed.fire(answer);
          return answer;
        },
      },
    };
    const client = new LanguageClient(SECTION, "zkASM", run, options);
    client.onDidChangeState(({ newState }) => {
      void vscode.commands.executeCommand("setContext", RUNNING, newState === State.Running);
      if (newState === State.Stopped && this.client === client) {
        void this.show("has stopped", vscode.LanguageStatusSeverity.Error);
      }
    });
    return client;
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client === undefined) return;
    try {
      // What was begun must end first, and a server that has gone cannot be stopped: both say so by throwing.
      await client.dispose();
    } catch (error) {
      this.output.info(`while the server was stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async show(what: string, severity: vscode.LanguageStatusSeverity, busy = false): Promise<void> {
    const runs = what === this.python;
    this.status.text = runs ? "zkASM server" : `zkASM server ${what}`;
    this.status.detail = runs ? what : "";
    this.status.severity = severity;
    this.status.busy = busy;
    this.status.command =
      what === "is not installed"
        ? { command: "zkwasm.installServer", title: "Install" }
        : { command: "zkwasm.showOutput", title: "Output" };
    if (!runs) await vscode.commands.executeCommand("setContext", RUNNING, false);
  }
}
