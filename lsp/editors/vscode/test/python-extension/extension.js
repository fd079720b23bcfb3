// Stands in for the Python extension, which cannot be had without the marketplace. Its environments are the Pythons of
// the file `environments.json` of the workspace, a list of paths; the first of them is selected at first.
const vscode = require("vscode");

/** @typedef {import("@vscode/python-extension").PythonExtension["environments"]} Environments */

/** @param {vscode.ExtensionContext} context */
exports.activate = async (context) => {
  const paths = await pathsOf(vscode.workspace.workspaceFolders?.[0]);
  let selected = paths[0];
  /** @type {vscode.EventEmitter<import("@vscode/python-extension").ActiveEnvironmentPathChangeEvent>} */
  const changed = new vscode.EventEmitter();
  context.subscriptions.push(
    changed,
    vscode.commands.registerCommand("python.setInterpreter", async () => {
      selected = (await vscode.window.showQuickPick(paths, { title: "Select Interpreter" })) ?? selected;
      changed.fire({ ...pathOf(selected), resource: vscode.workspace.workspaceFolders?.[0] });
    }),
  );
  /** @type {Pick<Environments, "getActiveEnvironmentPath" | "resolveEnvironment" | "onDidChangeActiveEnvironmentPath">} */
  const environments = {
    getActiveEnvironmentPath: () => pathOf(selected),
    resolveEnvironment: async (environment) => resolved(typeof environment === "string" ? environment : environment.path),
    onDidChangeActiveEnvironmentPath: changed.event,
  };
  return { environments };
};

/** @param {vscode.WorkspaceFolder | undefined} folder @returns {Promise<string[]>} */
async function pathsOf(folder) {
  if (folder === undefined) return [];
  const file = vscode.Uri.joinPath(folder.uri, "environments.json");
  try {
    return JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
  } catch {
    return [];
  }
}

/** The name of the setting when nothing was selected, as the Python extension has it. @param {string | undefined} path */
function pathOf(path) {
  return { id: path ?? "DEFAULT_PYTHON", path: path ?? "python" };
}

/** @param {string} path @returns {import("@vscode/python-extension").ResolvedEnvironment | undefined} */
function resolved(path) {
  if (!path.startsWith("/")) return undefined;
  return {
    id: path,
    path,
    executable: { uri: vscode.Uri.file(path), bitness: "64-bit", sysPrefix: path.replace(/\/bin\/[^/]*$/, "") },
    environment: undefined,
    version: undefined,
    tools: [],
  };
}
